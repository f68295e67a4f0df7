#include <dirent.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "base/assert.h"
#include "sys/proc_tree.h"

namespace gk::sys {
namespace {

// The longest file read here is a stat or children file. Source: chosen; 16 KiB are 2,000 children.
constexpr std::size_t kBufferBytes = 16 * 1024;

}  // namespace

ProcContext::ProcContext(ProcLimits limits) : limits_(std::move(limits)), buffer_(kBufferBytes) {}

void ProcContext::begin_round(std::uint64_t forks) {
  births_possible_ = forks == 0 || forks != forks_;
  forks_ = forks;
  scanned_ = false;
}

const char* ProcContext::path(const char* relative) {
  path_.assign(limits_.root);
  path_.append(relative);
  return path_.c_str();
}

Result<ProcFile> ProcContext::hold(const char* relative) {
  if (held_ >= limits_.max_held_files) return ProcFile();
  auto file = ProcFile::open(path(relative));
  if (file) {
    ++held_;
  } else if (file.error().code == Errc::resource_exhausted) {
    return ProcFile();  // The process is out of descriptors: read this one without holding it.
  }
  return file;
}

Result<std::string_view> ProcContext::read(const ProcFile& file, const char* relative) {
  return file.is_open() ? file.read(buffer_) : read_proc_once(path(relative), buffer_);
}

Result<void> ProcContext::list_pids(const char* relative, std::vector<int>& out) {
  DIR* dir = ::opendir(path(relative));
  if (dir == nullptr) {
    const int error = errno;
    return Error{error == ENOENT || error == ESRCH ? Errc::not_found : Errc::unavailable,
                 path_ + ": " + std::generic_category().message(error)};
  }
  while (const dirent* entry = ::readdir(dir)) {
    if (const auto pid = parse_pid(entry->d_name)) out.push_back(*pid);
  }
  ::closedir(dir);
  return {};
}

const std::vector<int>& ProcContext::scanned_children(int pid) {
  if (!scanned_) {
    scanned_ = true;
    scan_.clear();
    std::vector<int> pids;
    (void)list_pids("proc", pids);  // Without /proc there are no children to find.
    for (const int candidate : pids) {
      const std::string relative = "proc/" + std::to_string(candidate) + "/stat";
      const auto text = read_proc_once(path(relative.c_str()), buffer_);
      const auto stat = text ? parse_pid_stat(*text) : std::nullopt;
      if (stat) scan_[stat->parent].push_back(candidate);
    }
  }
  return scan_[pid];
}

}  // namespace gk::sys
