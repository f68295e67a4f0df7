// The fast reader of a trace line: flat objects, plain strings, no duplicate keys.
#include <charconv>
#include <cstring>

#include "referee/offline/trace_keys.h"

namespace gk::referee {
namespace {

/// A cursor over one line. Every method returns false to mean "ask the strict reader".
class Scanner {
 public:
  explicit Scanner(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool take(char c) {
    skip_space();
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool peek(char c) {
    skip_space();
    return at_ != end_ && *at_ == c;
  }
  bool at_end() {
    skip_space();
    return at_ == end_;
  }

  /// A string without escapes, control characters or bytes above ASCII.
  bool string(std::string_view& out) {
    if (!take('"')) return false;
    const char* begin = at_;
    for (; at_ != end_; ++at_) {
      const auto c = static_cast<unsigned char>(*at_);
      if (c == '"') {
        out = {begin, static_cast<std::size_t>(at_ - begin)};
        ++at_;
        return true;
      }
      if (c < 0x20 || c >= 0x7f || c == '\\') return false;
    }
    return false;
  }

  /// A JSON number, exact: small ones by Clinger's fast path, the rest by from_chars.
  bool number(double& out) {
    skip_space();
    const char* begin = at_;
    const bool negative = at_ != end_ && *at_ == '-';
    if (negative) ++at_;
    std::uint64_t digits = 0;
    int count = 0;
    int places = 0;
    if (at_ != end_ && *at_ == '0') {
      ++at_;
      if (at_ != end_ && is_digit(*at_)) return false;
    } else if (!digits_into(digits, count)) {
      return false;
    }
    if (at_ != end_ && *at_ == '.') {
      ++at_;
      const int before = count;
      if (!digits_into(digits, count)) return false;
      places = count - before;
    }
    const bool exponent = at_ != end_ && (*at_ == 'e' || *at_ == 'E');
    if (!exponent && count <= 18 && digits < (std::uint64_t{1} << 53U) && places <= 18) {
      const double value = static_cast<double>(digits) / kTens[places];
      out = negative ? -value : value;
      return true;
    }
    const auto [stop, error] = std::from_chars(begin, end_, out);
    if (error != std::errc{} || stop[-1] < '0' || stop[-1] > '9') return false;
    // A zero may have any exponent here, but not for the strict reader.
    if (exponent && stop - at_ > 5) return false;
    at_ = stop;
    return true;
  }

  bool word(std::string_view text) {
    skip_space();
    if (static_cast<std::size_t>(end_ - at_) < text.size() ||
        std::memcmp(at_, text.data(), text.size()) != 0)
      return false;
    at_ += text.size();
    return true;
  }
  const char* position() const { return at_; }

 private:
  static bool is_digit(char c) { return c >= '0' && c <= '9'; }
  bool digits_into(std::uint64_t& value, int& count) {
    const char* begin = at_;
    for (; at_ != end_ && is_digit(*at_); ++at_) {
      if (++count <= 18) value = value * 10 + static_cast<std::uint64_t>(*at_ - '0');
    }
    return at_ != begin;
  }
  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\r' || *at_ == '\n')) ++at_;
  }
  static constexpr double kTens[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
                                     1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18};
  const char* at_;
  const char* end_;
};

std::optional<Num> short_number_key(std::string_view name) {
  if (name.size() != 1) return number_key(name);
  switch (name[0]) {
    case 's': return Num::s;
    case 'c': return Num::c;
    case 'r': return Num::r;
    case 'x': return Num::x;
    case 'y': return Num::y;
    case 'z': return Num::z;
    case 'g': return Num::g;
    default: return std::nullopt;
  }
}

bool scan_number(Scanner& scan, Num key, TraceEvent& event) {
  if (event.has(key)) return false;  // A duplicate: the strict reader words it.
  double value = 0;
  if (scan.peek('t')) {
    if (!scan.word("true")) return false;
    value = 1;
  } else if (scan.peek('f')) {
    if (!scan.word("false")) return false;
  } else if (!scan.number(value)) {
    return false;
  }
  event.set(key, value);
  return true;
}

bool scan_member(Scanner& scan, TraceEvent& event, bool& has_kind) {
  std::string_view name;
  if (!scan.string(name) || !scan.take(':')) return false;
  if (name == "k") {
    std::string_view kind;
    if (has_kind || !scan.string(kind) || kind.size() != 1 || !is_kind(kind[0])) return false;
    event.kind = static_cast<TraceKind>(kind[0]);
    has_kind = true;
    return true;
  }
  if (const auto key = short_number_key(name)) return scan_number(scan, *key, event);
  const auto text = text_key(name);
  if (!text) return false;
  std::string_view value;
  // An empty text cannot be told from none, so it could hide a duplicate.
  if (!event[*text].empty() || !scan.string(value) || value.empty()) return false;
  event.set(*text, value);
  return true;
}

}  // namespace

bool scan_trace_line(std::string_view line, TraceEvent& event) {
  event.kind = TraceKind::end;
  event.has_numbers = 0;
  event.texts.fill({});
  Scanner scan(line);
  bool has_kind = false;
  if (!scan.take('{')) return false;
  do {
    if (!scan_member(scan, event, has_kind)) return false;
  } while (scan.take(','));
  if (!scan.take('}') || !scan.at_end() || !has_kind) return false;
  for (std::size_t i = 0; i < event.numbers.size(); ++i)
    if (!event.has(static_cast<Num>(i))) event.numbers[i] = 0;
  return true;
}

}  // namespace gk::referee
