#include "games/rules/detect.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace gk::games {
namespace {

struct Program {
  std::string_view comm, kind;
  std::string_view word = {};  // Part of its command line; empty: any.
};

// Names as Debian and the projects install them, cut to 15 bytes as Linux does. Source: packages of
// Debian 12 and the projects' own builds.
constexpr std::array kPrograms{Program{"teeworlds-serve", "teeworlds"},
                               Program{"teeworlds_srv", "teeworlds"},
                               Program{"DDNet-Server", "teeworlds"},
                               Program{"openttd", "openttd"},
                               Program{"srcds_linux", "source"},
                               Program{"java", "source", "minecraft"},
                               Program{"java", "source", "server.jar"},
                               Program{"ioq3ded", "quake3"},
                               Program{"ioquake3-server", "quake3"},
                               Program{"oa_ded", "quake3"},
                               Program{"netmux", "mud"},
                               Program{"netmush", "mud"},
                               Program{"minetestserver", "luanti"},
                               Program{"luantiserver", "luanti"},
                               Program{"luanti", "luanti", "--server"}};

std::vector<std::string_view> fields_of(std::string_view line) {
  std::vector<std::string_view> out;
  while (!line.empty()) {
    const std::size_t begin = line.find_first_not_of(' ');
    if (begin == std::string_view::npos) break;
    const std::size_t end = std::min(line.find(' ', begin), line.size());
    out.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return out;
}

template <typename T>
std::optional<T> number(std::string_view text, int base) {
  T value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// Addresses are words of the machine's order: 127.0.0.1 is 0100007F.
bool reachable(std::string_view address) {
  if (address.size() == 8) return address == "00000000" || address.ends_with("7F");
  if (address.size() != 32) return false;
  return address == std::string(32, '0') || address == "00000000000000000000000001000000" ||
         (address.starts_with("0000000000000000FFFF0000") && address.ends_with("7F"));
}

std::vector<std::string_view> words_of(std::string_view command_line) {
  std::vector<std::string_view> out;
  while (!command_line.empty()) {
    const std::size_t end = std::min(command_line.find('\0'), command_line.size());
    out.push_back(command_line.substr(0, end));
    command_line.remove_prefix(std::min(end + 1, command_line.size()));
  }
  return out;
}

// Source: teeworlds 0.7.5 and the out-of-band mark of Quake 3.
constexpr std::string_view kEconGreeting = "Enter password:";
constexpr std::string_view kQuakeMark = "\xff\xff\xff\xff";

}  // namespace

std::vector<Listening> read_listening(std::string_view table, bool udp) {
  std::vector<Listening> out;
  while (!table.empty()) {
    const std::size_t end = std::min(table.find('\n'), table.size());
    const auto fields = fields_of(table.substr(0, end));
    table.remove_prefix(std::min(end + 1, table.size()));
    // sl local remote st queues timer retransmits uid timeout inode
    if (fields.size() < 10 || fields[3] != (udp ? "07" : "0A")) continue;
    const std::size_t colon = fields[1].find(':');
    if (colon == std::string_view::npos || !reachable(fields[1].substr(0, colon))) continue;
    const auto port = number<std::uint16_t>(fields[1].substr(colon + 1), 16);
    const auto inode = number<std::uint64_t>(fields[9], 10);
    if (port && inode && *port != 0) out.push_back({udp, *port, *inode});
  }
  return out;
}

std::string_view kind_of_program(std::string_view comm, std::string_view command_line) {
  for (const Program& program : kPrograms) {
    if (program.comm != comm) continue;
    if (command_line.find(program.word) != std::string_view::npos) return program.kind;
  }
  return {};
}

std::string world_of(std::string_view command_line) {
  const auto words = words_of(command_line);
  const auto at = std::find(words.begin(), words.end(), "--world");
  return at == words.end() || at + 1 == words.end() ? std::string() : std::string(at[1]);
}

bool can_probe(std::string_view kind) {
  return kind == "teeworlds" || kind == "openttd" || kind == "mud" || kind == "quake3";
}

std::string probe_of(std::string_view kind) {
  // The admin port ends the connection at a ping before the log-in; the game's own port takes it
  // for a question and answers. Source: tests/games/detect_test.py, OpenTTD 13.0.
  if (kind == "openttd") return {"\x07\x00\x07GKGK", 7};
  if (kind == "quake3") return std::string(kQuakeMark) + "getinfo gk";
  return {};
}

std::optional<bool> answers_as(std::string_view kind, std::string_view bytes) {
  if (kind == "teeworlds") {
    if (bytes.size() >= kEconGreeting.size()) return bytes.starts_with(kEconGreeting);
    return kEconGreeting.starts_with(bytes) ? std::nullopt : std::optional(false);
  }
  if (kind == "openttd") return bytes.empty() ? std::nullopt : std::optional(false);
  if (kind == "mud") {
    if (bytes.size() < 2) return std::nullopt;
    const auto verb = static_cast<unsigned char>(bytes[1]);
    return bytes[0] == '\xff' && verb >= 0xFB && verb <= 0xFE;  // Telnet's WILL to DONT.
  }
  if (kind == "quake3") return bytes.starts_with(std::string(kQuakeMark) + "infoResponse");
  return false;
}

bool closes_at_probe(std::string_view kind) { return kind == "openttd"; }

}  // namespace gk::games
