#include "tls/rules/frames.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>

namespace gk::tls {
namespace {

/// Takes the first word off `rest`.
std::string_view take_word(std::string_view& rest) {
  const std::size_t space = rest.find(' ');
  const std::string_view word = rest.substr(0, space);
  rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  return word;
}

template <typename Number>
bool take_number(std::string_view& rest, Number& out) {
  const std::string_view word = take_word(rest);
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), out);
  return error == std::errc() && end == word.data() + word.size();
}

/// The address in the kernel's form: limits count by it. Empty when it is none.
std::string address_of(std::string_view word) {
  const std::string text(word);
  std::array<char, INET6_ADDRSTRLEN> out{};
  std::array<unsigned char, sizeof(in6_addr)> raw{};
  for (const int family : {AF_INET, AF_INET6}) {
    if (::inet_pton(family, text.c_str(), raw.data()) != 1) continue;
    return ::inet_ntop(family, raw.data(), out.data(), out.size());
  }
  return {};
}

bool take_tally(std::string_view& rest, Tally& out) {
  return take_number(rest, out.open) && take_number(rest, out.handshakes) &&
         take_number(rest, out.failed) && take_number(rest, out.late) &&
         take_number(rest, out.refused) && rest.empty();
}

}  // namespace

std::string ready_frame(std::int64_t not_after_s, std::size_t places,
                        std::string_view confinement) {
  return "ready " + std::to_string(not_after_s) + " " + std::to_string(places) + " " +
         std::string(confinement);
}

std::string failed_frame(std::string_view why) {
  return ("failed " + std::string(why)).substr(0, kMaxFrame);
}

std::string connection_frame(std::string_view address, std::uint16_t port) {
  return "connection " + std::string(address) + " " + std::to_string(port);
}

std::string tally_frame(const Tally& tally) {
  std::string out = "tally";
  for (const auto n : {tally.open, tally.handshakes, tally.failed, tally.late, tally.refused}) {
    out += " " + std::to_string(n);
  }
  return out;
}

Result<FrontFrame> read_front_frame(std::string_view packet) {
  FrontFrame out;
  std::string_view rest = packet;
  const std::string_view word = take_word(rest);
  bool good = false;
  if (word == "ready") {
    out.kind = FrontFrame::Kind::ready;
    good = take_number(rest, out.not_after_s) && take_number(rest, out.places) && !rest.empty();
    out.text = rest;
  } else if (word == "failed") {
    out.kind = FrontFrame::Kind::failed;
    good = !rest.empty();
    out.text = rest;
  } else if (word == "connection") {
    out.kind = FrontFrame::Kind::connection;
    out.text = address_of(take_word(rest));
    good = !out.text.empty() && take_number(rest, out.port) && rest.empty();
  } else if (word == "tally") {
    out.kind = FrontFrame::Kind::tally;
    good = take_tally(rest, out.tally);
  }
  if (good) return out;
  return Error{Errc::invalid_argument,
               "expected ready, failed, connection or tally with their words, got \"" +
                   std::string(packet.substr(0, 80)) + "\""};
}

}  // namespace gk::tls
