#include "sys/proc_parse.h"

#include <algorithm>
#include <charconv>
#include <limits>

namespace gk::sys {
namespace {

std::string_view take_word(std::string_view& rest) {
  const auto begin = rest.find_first_not_of(" \t\n");
  if (begin == std::string_view::npos) return {};
  rest.remove_prefix(begin);
  const auto end = std::min(rest.find_first_of(" \t\n"), rest.size());
  const std::string_view word = rest.substr(0, end);
  rest.remove_prefix(end);
  return word;
}

template <typename T>
std::optional<T> to_number(std::string_view word) {
  T value{};
  const auto [end, ec] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (word.empty() || ec != std::errc() || end != word.data() + word.size()) return std::nullopt;
  return value;
}

template <typename T>
bool take(std::string_view& rest, T& out) {
  const auto value = to_number<T>(take_word(rest));
  if (value) out = *value;
  return value.has_value();
}

void skip_words(std::string_view& rest, int n) {
  for (int i = 0; i < n; ++i) (void)take_word(rest);
}

}  // namespace

std::optional<PidStat> parse_pid_stat(std::string_view text) {
  PidStat out;
  const auto open = text.find('(');
  const auto close = text.rfind(')');
  if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
    return std::nullopt;
  }
  std::string_view head = text.substr(0, open);
  if (!take(head, out.pid)) return std::nullopt;
  std::string_view rest = text.substr(close + 1);
  const std::string_view state = take_word(rest);  // Field 3; numbers as in proc(5).
  if (state.size() != 1) return std::nullopt;
  out.state = state[0];
  if (!take(rest, out.parent)) return std::nullopt;  // 4
  skip_words(rest, 9);                               // 5..13
  std::int64_t children_user = 0, children_system = 0, rss = 0;
  if (!take(rest, out.user_ticks) || !take(rest, out.system_ticks) || !take(rest, children_user) ||
      !take(rest, children_system)) {
    return std::nullopt;  // 14..17
  }
  skip_words(rest, 2);                                    // 18, 19
  if (!take(rest, out.threads)) return std::nullopt;      // 20
  skip_words(rest, 1);                                    // 21
  if (!take(rest, out.start_ticks)) return std::nullopt;  // 22
  skip_words(rest, 1);                                    // 23
  if (!take(rest, rss)) return std::nullopt;              // 24
  out.children_user_ticks = static_cast<std::uint64_t>(std::max<std::int64_t>(0, children_user));
  out.children_system_ticks =
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, children_system));
  out.rss_pages = static_cast<std::uint64_t>(std::max<std::int64_t>(0, rss));
  return out;
}

std::optional<SchedStat> parse_schedstat(std::string_view text) {
  std::int64_t run = 0, wait = 0;
  if (!take(text, run) || !take(text, wait) || run < 0 || wait < 0) return std::nullopt;
  return SchedStat{.run = Nanos(run), .wait = Nanos(wait)};
}

std::optional<Statm> parse_statm(std::string_view text) {
  Statm out;
  if (!take(text, out.size_pages) || !take(text, out.rss_pages)) return std::nullopt;
  return out;
}

std::optional<int> parse_pid(std::string_view text) {
  const auto pid = to_number<int>(text);
  return pid && *pid > 0 ? pid : std::nullopt;
}

bool parse_pid_list(std::string_view text, std::vector<int>& out) {
  for (;;) {
    const std::string_view word = take_word(text);
    if (word.empty()) return true;
    const auto pid = parse_pid(word);
    if (!pid) return false;
    out.push_back(*pid);
  }
}

}  // namespace gk::sys
