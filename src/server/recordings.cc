#include "server/recordings.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <fstream>
#include <functional>
#include <vector>

#include "base/json.h"
#include "base/json_writer.h"
#include "base/try.h"
#include "sys/files.h"

namespace gk::server {
namespace {

constexpr std::size_t kMaxFiles = 10'000;  // Source: chosen; a recording is made by hand.

/// Whether a line is about the player: its member "id". A line that is not JSON is nobody's.
bool is_about(const std::string& line, const std::string& player) {
  const auto json = parse_json(line);
  if (!json || !json->is_object()) return false;
  const JsonValue* id = json->find("id");
  return id != nullptr && id->is_string() && id->as_string() == player;
}

Result<std::vector<std::string>> traces_in(const std::string& folder) {
  auto names = sys::list_dir(folder, kMaxFiles);
  if (!names && names.error().code == Errc::not_found) return std::vector<std::string>();
  if (!names) return names.error();
  std::erase_if(*names, [](const std::string& name) { return !name.ends_with(".jsonl"); });
  return std::move(*names);
}

/// Calls `other` with the lines that are not the player's; returns how many are.
Result<std::uint64_t> split(const std::string& path, const std::string& player,
                            const std::function<void(const std::string&)>& other) {
  std::ifstream in(path);
  std::uint64_t lines = 0;
  for (std::string line; std::getline(in, line);) {
    if (is_about(line, player)) {
      ++lines;
    } else if (other) {
      other(line);
    }
  }
  if (in.bad() || !in.eof()) return Error{Errc::unavailable, "cannot read " + path};
  return lines;
}

Result<void> rewrite(const std::string& path, const std::string& player) {
  const std::string temporary = path + ".tmp";
  ::unlink(temporary.c_str());  // Of a run that was cut short.
  GK_TRY(const bool created, sys::ensure_private_file(temporary));
  (void)created;
  std::ofstream out(temporary, std::ios::trunc);
  GK_TRY(const auto lines,
         split(path, player, [&](const std::string& line) { out << line << "\n"; }));
  (void)lines;
  out.close();
  const sys::Fd fd(::open(temporary.c_str(), O_RDWR | O_CLOEXEC));
  if (!out || !fd || ::fsync(fd.get()) != 0 || std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(temporary.c_str());
    return sys::file_error("rewrite", path, number);
  }
  return sys::sync_dir(sys::parent_dir(path));
}

}  // namespace

Result<std::string> recordings_of(const std::string& folder, const std::string& player) {
  GK_TRY(const auto names, traces_in(folder));
  std::string out;
  JsonWriter w(out);
  w.begin_array();
  bool any = false;
  for (const auto& name : names) {
    GK_TRY(const auto lines, split(folder + "/" + name, player, nullptr));
    if (lines == 0) continue;
    any = true;
    w.begin_object().field("file", name).field("lines", lines).end_object();
  }
  w.end_array();
  if (!any) return Error{Errc::not_found, "no recording names this player"};
  return out;
}

Result<void> erase_from_recordings(const std::string& folder, const std::string& player) {
  GK_TRY(const auto names, traces_in(folder));
  bool any = false;
  for (const auto& name : names) {
    GK_TRY(const auto lines, split(folder + "/" + name, player, nullptr));
    if (lines == 0) continue;
    any = true;
    GK_CHECK_OK(rewrite(folder + "/" + name, player));
  }
  if (!any) return Error{Errc::not_found, "no recording names this player"};
  return {};
}

}  // namespace gk::server
