#include "net/forwarded.h"

#include <arpa/inet.h>

#include <array>

namespace gk::net {
namespace {

std::optional<std::string> canonical(int family, const std::string& text) {
  std::array<unsigned char, sizeof(in6_addr)> raw{};
  std::array<char, INET6_ADDRSTRLEN> out{};
  if (::inet_pton(family, text.c_str(), raw.data()) != 1) return std::nullopt;
  ::inet_ntop(family, raw.data(), out.data(), out.size());
  return std::string(out.data());
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::optional<std::string> forwarded_address(const Headers& headers) {
  std::string_view list;
  for (const auto& [name, value] : headers) {
    if (name == "x-forwarded-for") list = value;
  }
  std::string text(trimmed(list.substr(list.rfind(',') + 1)));  // npos + 1 is 0
  if (auto v4 = canonical(AF_INET, text)) return v4;
  return canonical(AF_INET6, text);
}

}  // namespace gk::net
