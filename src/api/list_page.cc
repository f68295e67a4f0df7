#include "api/list_page.h"

#include <array>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <vector>

#include "base/json.h"
#include "base/json_writer.h"

namespace gk::api {
namespace {

constexpr std::string_view kItems = "\"items\":[";
constexpr std::string_view kNext = ",\"next_cursor\":null";
constexpr std::string_view kBadCursor = "cursor: expected next_cursor of the page before";
constexpr std::size_t kMaxKey = 256;  // Source: chosen; ids and names of ours are shorter

std::uint32_t checksum(std::string_view text) {
  std::uint32_t hash = 0x811c9dc5U;  // FNV-1a: a slip of the hand, not an attack, is found
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193U;
  return hash;
}

std::string hex(std::string_view text) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : text) {
    out += kDigits[static_cast<unsigned char>(c) >> 4];
    out += kDigits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

/// "<index>-<key in hex>-<checksum>"
std::string make_cursor(std::size_t index, std::string_view key) {
  std::string out = std::to_string(index) + "-" + hex(key);
  std::array<char, 16> sum{};
  std::snprintf(sum.data(), sum.size(), "-%08x", checksum(out));
  return out + sum.data();
}

template <typename Number>
bool read_whole(std::string_view text, Number& out, int base = 10) {
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, out, base);
  return !text.empty() && parsed.ec == std::errc() && parsed.ptr == end;
}

bool parse_cursor(std::string_view text, PageWish& wish) {
  const std::size_t second = text.rfind('-');
  const std::size_t first = text.find('-');
  if (second == std::string_view::npos || first == second) return false;
  std::uint32_t sum = 0;
  if (!read_whole(text.substr(second + 1), sum, 16) || sum != checksum(text.substr(0, second))) {
    return false;
  }
  const std::string_view key = text.substr(first + 1, second - first - 1);
  if (!read_whole(text.substr(0, first), wish.index) || key.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < key.size(); i += 2) {
    unsigned char byte = 0;
    if (!read_whole(key.substr(i, 2), byte, 16)) return false;
    wish.after += static_cast<char>(byte);
  }
  return true;
}

/// The end of the JSON value at the front of `text`: where a comma or bracket of the level above
/// stands. `text` is JSON of ours.
std::size_t value_end(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      if (c == '"') quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{' || c == '[') {
      ++depth;
    } else if (depth == 0 && (c == ',' || c == ']' || c == '}')) {
      return i;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return text.size();
}

/// The items at the front of `text`, after "["; `rest` becomes what follows "]".
std::vector<std::string_view> split_items(std::string_view text, std::string_view& rest) {
  std::vector<std::string_view> items;
  while (!text.empty() && text.front() != ']') {
    const std::size_t end = value_end(text);
    items.push_back(text.substr(0, end));
    text.remove_prefix(end);
    if (text.starts_with(',')) text.remove_prefix(1);
  }
  rest = text.empty() ? text : text.substr(1);
  return items;
}

std::string key_of(std::string_view item, std::string_view key) {
  const auto tree = parse_json(item, {.max_depth = 64, .max_bytes = item.size()});
  const JsonValue* member = tree ? tree->find(key) : nullptr;
  if (member == nullptr) return {};
  std::string text = member->is_string() ? member->as_string() : to_json(*member);
  text.resize(std::min(text.size(), kMaxKey));
  return text;
}

/// Where the page begins: behind the item with the wished key, or where that one was.
std::size_t first_of(const std::vector<std::string_view>& items, std::string_view key,
                     const PageWish& wish) {
  if (wish.after.empty()) return std::min(wish.index, items.size());
  // Near its old place first: lists change little between two pages.
  for (std::size_t i = std::min(wish.index, items.size()); i > 0; --i) {
    if (key_of(items[i - 1], key) == wish.after) return i;
  }
  for (std::size_t i = wish.index; i < items.size(); ++i) {
    if (key_of(items[i], key) == wish.after) return i + 1;
  }
  return std::min(wish.index > 0 ? wish.index - 1 : 0, items.size());
}

}  // namespace

std::string seal_cursor(std::string_view place) {
  std::array<char, 16> sum{};
  std::snprintf(sum.data(), sum.size(), "~%08x", checksum(place));
  return std::string(place) + sum.data();
}

Result<std::string> read_cursor(const net::Request& request) {
  const auto cursor = request.query_param("cursor");
  if (!cursor || cursor->empty()) return std::string();
  const std::string place = cursor->substr(0, cursor->rfind('~'));
  if (place.size() == cursor->size() || seal_cursor(place) != *cursor) {
    return Error{Errc::invalid_argument, std::string(kBadCursor)};
  }
  return place;
}

Result<PageWish> read_page_wish(const net::Request& request) {
  PageWish wish;
  if (const auto limit = request.query_param("limit")) {
    if (!read_whole(*limit, wish.limit) || wish.limit < 1 || wish.limit > kMaxPage) {
      return Error{Errc::invalid_argument, "limit: expected a number from 1 to 1000"};
    }
  }
  if (const auto cursor = request.query_param("cursor"); cursor && !cursor->empty()) {
    if (!parse_cursor(*cursor, wish)) {
      return Error{Errc::invalid_argument, std::string(kBadCursor)};
    }
  }
  return wish;
}

Result<std::string> page_of(std::string_view body, std::string_view key, const PageWish& wish) {
  const std::size_t open = body.find(kItems);
  if (open == std::string_view::npos) return Error{Errc::internal, "the answer has no items"};
  std::string_view rest;
  const auto items = split_items(body.substr(open + kItems.size()), rest);
  const std::size_t first = first_of(items, key, wish);
  const std::size_t last = std::min(items.size(), first + wish.limit);
  std::string out(body.substr(0, open + kItems.size()));
  for (std::size_t i = first; i < last; ++i) {
    if (i > first) out += ',';
    out += items[i];
  }
  out += "],\"next_cursor\":";
  if (last == items.size() || last == first) {
    out += "null";
  } else {
    append_json_string(out, make_cursor(last, key_of(items[last - 1], key)));
  }
  // What follows the list, without the next_cursor that the handler may have written.
  const std::size_t next = rest.find(kNext);
  if (next == std::string_view::npos) return out.append(rest);
  return out.append(rest.substr(0, next)).append(rest.substr(next + kNext.size()));
}

}  // namespace gk::api
