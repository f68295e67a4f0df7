#include "net/ws_handshake.h"

#include <boost/uuid/detail/sha1.hpp>

namespace gk::net {

std::string web_socket_accept(std::string_view key) {
  boost::uuids::detail::sha1 sha;
  sha.process_bytes(key.data(), key.size());
  constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  sha.process_bytes(kGuid.data(), kGuid.size());
  boost::uuids::detail::sha1::digest_type words{};
  sha.get_digest(words);
  std::string digest;
  for (const unsigned word : words) {
    for (const unsigned shift : {24U, 16U, 8U, 0U}) digest += static_cast<char>(word >> shift);
  }
  return base64(digest);
}

std::string base64(std::string_view bytes) {
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
    unsigned group = 0;
    for (std::size_t k = 0; k < 3; ++k)
      group = group << 8 | (k < n ? static_cast<unsigned char>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += k <= n ? kAlphabet[group >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

}  // namespace gk::net
