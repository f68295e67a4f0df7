#include "logs/log_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "base/try.h"
#include "sys/files.h"

namespace gk::logs {
namespace {

constexpr std::size_t kBlock = 64 * 1024;    // Source: chosen
constexpr std::size_t kMaxLine = 64 * 1024;  // A longer one is no line of ours.
constexpr int kMaxFiles = 100;               // Source: LogOptions::max_files

struct OpenFile {
  sys::Fd fd;
  std::uint64_t inode = 0, size = 0;
};

/// Nothing: there is no such file.
Result<std::optional<OpenFile>> open_file(const std::string& path) {
  OpenFile out;
  out.fd = sys::Fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!out.fd) {
    if (errno == ENOENT) return std::optional<OpenFile>();
    return sys::file_error("open", path, errno);
  }
  struct stat info{};
  if (::fstat(out.fd.get(), &info) != 0) return sys::file_error("stat", path, errno);
  out.inode = info.st_ino;
  out.size = static_cast<std::uint64_t>(info.st_size);
  return std::optional(std::move(out));
}

/// "X.log", "X.1.log", "X.2.log", …: as spdlog names them.
std::string rotated(const std::string& file, int number) {
  if (number == 0) return file;
  const std::size_t dot = file.rfind('.');
  return file.substr(0, dot) + "." + std::to_string(number) + file.substr(dot);
}

/// What one call has left.
struct Budget {
  std::size_t lines, bytes;
  bool spent() const { return lines == 0 || bytes == 0; }
};

/// Reads `file` backwards from `end`. Returns where it stopped; 0: at the begin.
Result<std::uint64_t> read_file_back(const OpenFile& file, std::uint64_t end, const LogQuery& query,
                                     Budget& budget, std::vector<std::string>& lines) {
  std::string tail;  // The begin of a line whose end was read before.
  std::array<char, kBlock> block;
  std::uint64_t at = end;
  while (at > 0 && !budget.spent()) {
    const std::size_t want = static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, at));
    const ssize_t n = ::pread(file.fd.get(), block.data(), want, static_cast<off_t>(at - want));
    if (n != static_cast<ssize_t>(want)) return sys::file_error("read", "log", n < 0 ? errno : EIO);
    at -= want;
    budget.bytes -= std::min(budget.bytes, want);
    tail.insert(0, block.data(), want);
    // Every line but the first of `tail` is whole.
    while (!budget.spent() || tail.find('\n') != tail.npos) {
      const std::size_t cut = tail.find_last_of('\n', tail.empty() ? 0 : tail.size() - 1);
      if (cut == tail.npos) break;
      const std::string_view line = std::string_view(tail).substr(cut + 1);
      if (!line.empty() && line.size() <= kMaxLine && query.wants(line)) {
        if (budget.lines == 0) return at + tail.size();
        lines.emplace_back(line);
        --budget.lines;
      }
      tail.resize(cut);
    }
    if (tail.size() > kMaxLine) tail.clear();
  }
  if (at == 0 && !tail.empty() && query.wants(tail)) {
    if (budget.lines == 0) return tail.size();
    lines.push_back(std::move(tail));
    --budget.lines;
    tail.clear();
  }
  return at == 0 ? 0 : at + tail.size();
}

}  // namespace

std::string Place::text() const {
  std::array<char, 40> out;
  const auto first = std::to_chars(out.begin(), out.end(), inode, 16).ptr;
  *first = '-';
  return {out.data(), std::to_chars(first + 1, out.end(), offset, 16).ptr};
}

std::optional<Place> Place::read(std::string_view text) {
  Place out;
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, out.inode, 16);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '-') return std::nullopt;
  const auto second = std::from_chars(first.ptr + 1, end, out.offset, 16);
  if (second.ec != std::errc() || second.ptr != end) return std::nullopt;
  return out;
}

Result<Page> read_back(const std::string& file, const LogQuery& query, std::size_t limit,
                       std::optional<Place> before) {
  Page page;
  Budget budget{limit, kMaxRead};
  bool found = !before;
  for (int number = 0; number < kMaxFiles; ++number) {
    GK_TRY(const auto open, open_file(rotated(file, number)));
    if (!open) break;
    if (!found && open->inode != before->inode) continue;
    const std::uint64_t end = found ? open->size : std::min(before->offset, open->size);
    found = true;
    if (budget.spent()) {
      page.next = Place{open->inode, end};
      return page;
    }
    GK_TRY(const std::uint64_t stopped, read_file_back(*open, end, query, budget, page.lines));
    if (stopped > 0) {
      page.next = Place{open->inode, stopped};
      return page;
    }
  }
  return page;
}

Result<Page> read_on(const std::string& file, const LogQuery& query, std::size_t limit,
                     std::optional<Place> after) {
  Page page;
  GK_TRY(const auto open, open_file(file));
  if (!open) {
    page.next = Place{};
    return page;
  }
  std::uint64_t at = after ? 0 : open->size;
  if (after && after->inode == open->inode) at = std::min(after->offset, open->size);
  std::string text;
  const auto room = static_cast<std::size_t>(std::min<std::uint64_t>(kMaxRead, open->size - at));
  text.resize(room);
  const ssize_t n = ::pread(open->fd.get(), text.data(), room, static_cast<off_t>(at));
  if (n < 0) return sys::file_error("read", file, errno);
  text.resize(static_cast<std::size_t>(n));
  for (std::size_t end = 0; page.lines.size() < limit;) {
    end = text.find('\n');
    if (end == text.npos) break;
    const std::string_view line = std::string_view(text).substr(0, end);
    if (line.size() <= kMaxLine && query.wants(line)) page.lines.emplace_back(line);
    at += end + 1;
    text.erase(0, end + 1);
  }
  page.next = Place{open->inode, at};
  return page;
}

}  // namespace gk::logs
