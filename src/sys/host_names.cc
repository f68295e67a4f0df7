#include "sys/host_names.h"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>

namespace gk::sys {
namespace {

std::string address_text(const sockaddr* address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* bytes = nullptr;
  if (address == nullptr) return "";
  if (address->sa_family == AF_INET) {
    bytes = &reinterpret_cast<const sockaddr_in*>(address)->sin_addr;
  } else if (address->sa_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr;
  }
  if (bytes == nullptr) return "";
  const char* out = ::inet_ntop(address->sa_family, bytes, text.data(), text.size());
  return out == nullptr ? "" : out;
}

}  // namespace

std::vector<std::string> own_host_names() {
  std::vector<std::string> names = {"localhost", "127.0.0.1", "::1"};
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) == 0 && name[0] != '\0') {
    names.emplace_back(name.data());
    names.push_back(std::string(name.data()) + ".local");
  }
  ifaddrs* all = nullptr;
  if (::getifaddrs(&all) != 0) return names;
  for (const ifaddrs* at = all; at != nullptr; at = at->ifa_next) {
    if (auto text = address_text(at->ifa_addr); !text.empty()) names.push_back(std::move(text));
  }
  ::freeifaddrs(all);
  return names;
}

}  // namespace gk::sys
