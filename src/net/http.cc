#include "net/http.h"

#include <array>

namespace gk::net {
namespace {

struct MethodName {
  Method method;
  const char* name;
};
constexpr std::array<MethodName, 7> kMethods = {{{Method::get, "GET"},
                                                 {Method::head, "HEAD"},
                                                 {Method::post, "POST"},
                                                 {Method::put, "PUT"},
                                                 {Method::patch, "PATCH"},
                                                 {Method::del, "DELETE"},
                                                 {Method::options, "OPTIONS"}}};

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Cuts `text` at the first `separator`: returns the front, leaves the rest.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view front = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return front;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

std::optional<std::string> form_decode(std::string_view text) {
  std::string spaced(text);
  for (char& c : spaced) {
    if (c == '+') c = ' ';
  }
  return percent_decode(spaced);
}

}  // namespace

const char* method_name(Method method) {
  for (const auto& entry : kMethods) {
    if (entry.method == method) return entry.name;
  }
  return "?";
}

std::optional<Method> parse_method(std::string_view text) {
  for (const auto& entry : kMethods) {
    if (text == entry.name) return entry.method;
  }
  return std::nullopt;
}

const std::string* Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

std::optional<std::string> Request::query_param(std::string_view name) const {
  std::string_view rest = query;
  while (!rest.empty()) {
    std::string_view value = take_until(rest, '&');
    const std::string_view key = take_until(value, '=');
    if (form_decode(key) == name) return form_decode(value);
  }
  return std::nullopt;
}

std::vector<std::pair<std::string, std::string>> Request::query_params() const {
  std::vector<std::pair<std::string, std::string>> out;
  std::string_view rest = query;
  while (!rest.empty()) {
    std::string_view value = take_until(rest, '&');
    const std::string_view key = take_until(value, '=');
    if (key.empty() && value.empty()) continue;  // "a=1&&b=2"
    out.emplace_back(form_decode(key).value_or(""), form_decode(value).value_or(""));
  }
  return out;
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  for (const auto& [key, text] : headers) {
    if (key != "cookie") continue;
    std::string_view rest = text;
    while (!rest.empty()) {
      std::string_view value = trim(take_until(rest, ';'));
      const bool has_value = value.find('=') != std::string_view::npos;
      if (take_until(value, '=') == name && has_value) return value;
    }
  }
  return std::nullopt;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      if (text[i] == '\0') return std::nullopt;
      out += text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_digit(text[i + 1]);
    const int low = hex_digit(text[i + 2]);
    if (high < 0 || low < 0 || high + low == 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

}  // namespace gk::net
