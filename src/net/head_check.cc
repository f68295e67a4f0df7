#include "net/head_check.h"

#include <array>
#include <cstring>

namespace gk::net {
namespace {

constexpr std::uint8_t kToken = 1, kValue = 2, kUrl = 4, kHost = 8;

// What each byte may be part of. Source: RFC 9110 s5.6.2 (token), s5.5 (field value);
// RFC 3986 s3.2.2 (host). '#' never reaches a server.
constexpr std::array<std::uint8_t, 256> make_classes() {
  std::array<std::uint8_t, 256> table{};
  for (std::size_t c = 0; c < 256; ++c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (alnum) table[c] |= kToken | kHost;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) table[c] |= kValue;
    if (c > 0x20 && c < 0x7f && c != '#') table[c] |= kUrl;
  }
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[std::size_t(c)] |= kToken;
  for (const char c : std::string_view("-._~!$&'()*+,;=:[]%")) table[std::size_t(c)] |= kHost;
  return table;
}
constexpr std::array<std::uint8_t, 256> kClasses = make_classes();

bool all_of_class(std::string_view text, std::uint8_t wanted) {
  std::uint8_t common = wanted;
  for (const char c : text) common &= kClasses[static_cast<unsigned char>(c)];
  return common == wanted;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

HeadVerdict refuse(int status, std::string_view reason) {
  return {HeadState::refused, status, reason};
}
constexpr HeadVerdict kFine{HeadState::complete, 0, {}};
bool is_fine(const HeadVerdict& verdict) { return verdict.state == HeadState::complete; }

/// True when the comma-separated `list` has `token`.
bool list_has(std::string_view list, std::string_view token) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (iequals(trim(list.substr(0, comma)), token)) return true;
    list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  }
  return false;
}

/// What the fields said, to be judged together at the end of the head.
struct Seen {
  bool host = false;
  bool origin = false;
  bool authorization = false;
  bool transfer_encoding = false;
  bool connection_upgrade = false;
  bool upgrade_web_socket = false;
};

HeadVerdict read_content_length(std::string_view value, Head& head) {
  if (head.content_length) return refuse(400, "more than one Content-Length");
  // 18 digits cannot overflow 64 bits and are more than any body.
  if (value.empty() || value.size() > 18) return refuse(400, "Content-Length is not a number");
  std::uint64_t length = 0;
  for (const char c : value) {
    if (c < '0' || c > '9') return refuse(400, "Content-Length is not a number");
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  head.content_length = length;
  return kFine;
}

HeadVerdict read_field(const HeadField& field, Head& head, Seen& seen) {
  const std::string_view name = field.name, value = field.value;
  switch (name.size()) {
    case 4:
      if (!iequals(name, "host")) break;
      if (seen.host) return refuse(400, "more than one Host");
      if (value.empty() || !all_of_class(value, kHost)) return refuse(400, "Host is not a host");
      seen.host = true;
      head.host = value;
      break;
    case 6:
      if (iequals(name, "origin")) {
        // Who asks, by what they are and from where: two answers are for two readers.
        if (seen.origin) return refuse(400, "more than one Origin");
        seen.origin = true;
      }
      if (!iequals(name, "expect")) break;
      if (!iequals(value, "100-continue")) return refuse(417, "unknown expectation");
      head.expect_continue = true;
      break;
    case 7:
      if (iequals(name, "upgrade")) seen.upgrade_web_socket |= list_has(value, "websocket");
      break;
    case 10:
      if (!iequals(name, "connection")) break;
      head.close |= list_has(value, "close");
      seen.connection_upgrade |= list_has(value, "upgrade");
      break;
    case 13:
      if (!iequals(name, "authorization")) break;
      if (seen.authorization) return refuse(400, "more than one Authorization");
      seen.authorization = true;
      break;
    case 14:
      if (iequals(name, "content-length")) return read_content_length(value, head);
      break;
    case 17:
      if (!iequals(name, "transfer-encoding")) break;
      if (seen.transfer_encoding) return refuse(400, "more than one Transfer-Encoding");
      if (!iequals(value, "chunked")) return refuse(501, "Transfer-Encoding must be chunked");
      seen.transfer_encoding = head.chunked = true;
      break;
    default: break;
  }
  return kFine;
}

HeadVerdict read_version(std::string_view version) {
  const bool shaped = version.size() == 8 && version.starts_with("HTTP/") && version[5] >= '0' &&
                      version[5] <= '9' && version[6] == '.' && version[7] >= '0' &&
                      version[7] <= '9';
  if (!shaped) return refuse(400, "the request line must end with HTTP/1.1");
  if (version != "HTTP/1.1") return refuse(505, "only HTTP/1.1 is spoken here");
  return kFine;
}

HeadVerdict read_request_line(std::string_view line, const HeadLimits& limits, Head& head) {
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last)
    return refuse(400, "the request line must be METHOD TARGET HTTP/1.1");
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, last - first - 1);
  if (head.method.empty() || head.method.size() > 32 || !all_of_class(head.method, kToken))
    return refuse(400, "the method is not a token");
  if (head.target.size() > limits.max_url_bytes) return refuse(414, "the URL is too long");
  if (head.target.empty() || !all_of_class(head.target, kUrl))
    return refuse(400, "a character in the URL that must be percent-encoded");
  return read_version(line.substr(last + 1));
}

HeadVerdict read_field_line(std::string_view line, Head& head, Seen& seen) {
  if (line.front() == ' ' || line.front() == '\t')
    return refuse(400, "white space before a field name");
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return refuse(400, "a field line without a colon");
  HeadField field{line.substr(0, colon), {}};
  if (field.name.empty() || !all_of_class(field.name, kToken))
    return refuse(400, "a field name that is not a token");
  if (!all_of_class(line.substr(colon + 1), kValue))
    return refuse(400, "a control character in a field value");
  field.value = trim(line.substr(colon + 1));
  head.fields.push_back(field);
  return read_field(field, head, seen);
}

/// Reduces "http://host/path" to "/path".
HeadVerdict reduce_target(Head& head) {
  if (head.target.front() == '/') return kFine;
  const std::size_t scheme_end = head.target.find("://");
  if (scheme_end == std::string_view::npos ||
      !(iequals(head.target.substr(0, scheme_end), "http") ||
        iequals(head.target.substr(0, scheme_end), "https")))
    return refuse(400, "the request target must be a path");
  const std::string_view rest = head.target.substr(scheme_end + 3);
  const std::size_t path_at = rest.find_first_of("/?");
  if (!iequals(rest.substr(0, path_at), head.host))
    return refuse(400, "the host of the request target differs from Host");
  if (path_at == std::string_view::npos) {
    head.target = "/";
  } else if (rest[path_at] == '?') {
    return refuse(400, "the request target must have a path");
  } else {
    head.target = rest.substr(path_at);
  }
  return kFine;
}

HeadVerdict judge(Head& head, const Seen& seen) {
  if (!seen.host) return refuse(400, "Host is missing");
  if (head.chunked && head.content_length)
    return refuse(400, "both Content-Length and Transfer-Encoding");
  head.web_socket = seen.connection_upgrade && seen.upgrade_web_socket;
  return reduce_target(head);
}

/// The next line without its line end, when `bytes` has all of it. A line feed without a carriage
/// return, or a carriage return elsewhere, makes `bad` true.
std::optional<std::string_view> next_line(std::string_view bytes, bool& bad) {
  const auto* end = static_cast<const char*>(std::memchr(bytes.data(), '\n', bytes.size()));
  if (end == nullptr) return std::nullopt;
  const std::string_view line = bytes.substr(0, static_cast<std::size_t>(end - bytes.data()));
  bad = line.empty() || line.back() != '\r';
  return bad ? line : line.substr(0, line.size() - 1);
}

// METHOD, two spaces, version and line end, with room for the longest method.
constexpr std::size_t kRequestLineExtra = 64;

}  // namespace

bool is_token_char(char c) { return (kClasses[static_cast<unsigned char>(c)] & kToken) != 0; }
bool is_value_char(char c) { return (kClasses[static_cast<unsigned char>(c)] & kValue) != 0; }

bool iequals(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (lower(a[i]) != lower(b[i])) return false;
  }
  return true;
}

HeadVerdict check_head(std::string_view bytes, const HeadLimits& limits, Head& head) {
  head.fields.clear();
  head.content_length.reset();
  head.chunked = head.close = head.expect_continue = head.web_socket = false;
  if (bytes.empty()) return {};
  // At once, so that TLS on a plain port gets an answer instead of a timeout.
  if (!is_token_char(bytes.front())) return refuse(400, "this is not HTTP");
  Seen seen;
  bool bad = false;
  const auto request_line = next_line(bytes, bad);
  const std::size_t max_line = limits.max_url_bytes + kRequestLineExtra;
  if (!request_line || request_line->size() > max_line)
    return bytes.size() > max_line ? refuse(414, "the URL is too long") : HeadVerdict{};
  if (bad) return refuse(400, "a line must end with CR LF");
  if (const auto verdict = read_request_line(*request_line, limits, head); !is_fine(verdict))
    return verdict;
  std::size_t at = request_line->size() + 2;
  const std::size_t fields_at = at;
  for (;;) {
    const auto line = next_line(bytes.substr(at), bad);
    if ((line ? at + line->size() : bytes.size()) - fields_at > limits.max_bytes)
      return refuse(431, "the head is too large");
    if (!line) return {};
    if (bad) return refuse(400, "a line must end with CR LF");
    at += line->size() + 2;
    if (line->empty()) break;
    if (head.fields.size() == limits.max_fields) return refuse(431, "too many fields");
    if (const auto verdict = read_field_line(*line, head, seen); !is_fine(verdict)) return verdict;
  }
  head.bytes = at;
  return judge(head, seen);
}

}  // namespace gk::net
