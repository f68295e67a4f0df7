#include "net/request_target.h"

#include "base/utf8.h"
#include "net/http.h"

namespace gk::net {
namespace {

bool has_control(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return true;
  }
  return false;
}

bool has_escaped_slash(std::string_view raw) {
  for (std::size_t at = raw.find("%2"); at != std::string_view::npos; at = raw.find("%2", at + 1)) {
    if (at + 2 < raw.size() && (raw[at + 2] == 'f' || raw[at + 2] == 'F')) return true;
  }
  return false;
}

bool has_dot_segment(std::string_view path) {
  while (!path.empty()) {
    path.remove_prefix(1);  // The slash.
    const std::string_view segment = path.substr(0, path.find('/'));
    if (segment == "." || segment == "..") return true;
    path.remove_prefix(segment.size());
  }
  return false;
}

std::string_view check_path(std::string_view raw, std::string& path) {
  if (raw.empty() || raw.front() != '/') return "the path must start with a slash";
  if (has_escaped_slash(raw)) return "an escaped slash in the path";
  auto decoded = percent_decode(raw);
  if (!decoded) return "a malformed percent escape in the path";
  path = std::move(*decoded);
  if (has_control(path)) return "a control character in the path";
  if (!is_utf8(path)) return "the path is not UTF-8";
  if (has_dot_segment(path)) return "a dot segment in the path";
  return {};
}

}  // namespace

RequestTarget split_target(std::string_view target) {
  RequestTarget out;
  if (target.find('#') != std::string_view::npos) {
    out.refusal = "a fragment in the request target";
    return out;
  }
  const std::size_t mark = target.find('?');
  out.refusal = check_path(target.substr(0, mark), out.path);
  if (!out.refusal.empty() || mark == std::string_view::npos) return out;
  out.query = std::string(target.substr(mark + 1));
  if (out.query.find('%') == std::string::npos) return out;
  const auto decoded = percent_decode(out.query);
  if (!decoded || !is_utf8(*decoded)) out.refusal = "a malformed percent escape in the query";
  return out;
}

}  // namespace gk::net
