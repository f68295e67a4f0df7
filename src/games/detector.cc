#include "games/detector.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>
#include <utility>

#include "sys/files.h"

namespace gk::games {
namespace {

constexpr std::size_t kMaxTable = 1 << 20, kMaxLine = 16 * 1024, kMaxEntries = 65'536;

std::vector<Listening> listening_sockets() {
  std::vector<Listening> out;
  for (const auto& [name, udp] :
       {std::pair("tcp", false), {"tcp6", false}, {"udp", true}, {"udp6", true}}) {
    const auto table = sys::read_file(std::string("/proc/net/") + name, kMaxTable);
    if (!table) continue;  // No IPv6, or no /proc.
    for (const Listening& one : read_listening(*table, udp)) out.push_back(one);
  }
  return out;
}

// The inodes of a process's sockets; none when it is somebody else's.
std::set<std::uint64_t> sockets_of(int pid) {
  std::set<std::uint64_t> out;
  const std::string folder = "/proc/" + std::to_string(pid) + "/fd";
  const auto names = sys::list_dir(folder, kMaxEntries);
  if (!names) return out;
  for (const std::string& name : *names) {
    char target[64];
    const ssize_t n = ::readlink((folder + "/" + name).c_str(), target, sizeof target);
    std::string_view text(target, n > 0 ? static_cast<std::size_t>(n) : 0);
    if (!text.starts_with("socket:[") || !text.ends_with(']')) continue;
    std::uint64_t inode = 0;
    (void)std::from_chars(text.data() + 8, text.data() + text.size() - 1, inode);
    out.insert(inode);
  }
  return out;
}

bool is_udp(const std::string& kind) { return find_kind(kind)->transport == Transport::udp; }

void add_ports(const Suspect& program, const std::vector<Listening>& all,
               std::vector<Suspect>& out) {
  const auto own = sockets_of(program.pid);
  for (const Listening& one : all) {
    if (one.udp != is_udp(program.kind) || !own.contains(one.inode)) continue;
    // Where nothing is shown before a log-in, only the usual port is offered.
    if (!can_probe(program.kind) && one.port != find_kind(program.kind)->port) continue;
    out.push_back(program);
    out.back().port = one.port;
  }
}

void add_programs(const std::vector<Listening>& all, std::vector<Suspect>& out) {
  const auto names = sys::list_dir("/proc", kMaxEntries);
  if (!names) return;
  for (const std::string& name : *names) {
    int pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error != std::errc() || end != name.data() + name.size()) continue;
    auto comm = sys::read_file("/proc/" + name + "/comm", kMaxLine);
    const auto words = sys::read_file("/proc/" + name + "/cmdline", kMaxLine);
    if (!comm || !words) continue;
    while (comm->ends_with('\n')) comm->pop_back();
    Suspect program{
        .kind = std::string(kind_of_program(*comm, *words)), .process = *comm, .pid = pid};
    if (program.kind.empty()) continue;
    if (find_kind(program.kind)->transport != Transport::world) {
      add_ports(program, all, out);
      continue;
    }
    program.world = world_of(*words);
    if (!program.world.starts_with('/')) continue;
    program.has_mod = ::access((program.world + "/worldmods/gamekeeper_link").c_str(), F_OK) == 0;
    out.push_back(program);
  }
}

// Servers of other users, whose sockets cannot be told apart: by the usual port alone.
void add_usual_ports(const std::vector<Listening>& all, std::vector<Suspect>& out) {
  for (const GameKind& kind : game_kinds()) {
    if (kind.port == 0 || !can_probe(kind.name)) continue;
    const bool udp = kind.transport == Transport::udp;
    const bool known = std::any_of(out.begin(), out.end(), [&](const Suspect& s) {
      return s.port == kind.port && is_udp(s.kind) == udp;
    });
    const bool open = std::any_of(all.begin(), all.end(), [&](const Listening& one) {
      return one.port == kind.port && one.udp == udp;
    });
    if (open && !known) out.push_back({.kind = std::string(kind.name), .port = kind.port});
  }
}

}  // namespace

std::vector<Suspect> look_around(std::size_t max_suspects) {
  std::vector<Suspect> out;
  const auto all = listening_sockets();
  add_programs(all, out);
  add_usual_ports(all, out);
  // A socket of both families is in two tables.
  const auto key = [](const Suspect& s) { return std::tie(s.kind, s.port, s.pid, s.world); };
  std::sort(out.begin(), out.end(), [&](const auto& a, const auto& b) { return key(a) < key(b); });
  out.erase(std::unique(out.begin(), out.end(),
                        [&](const auto& a, const auto& b) { return key(a) == key(b); }),
            out.end());
  if (out.size() > max_suspects) out.resize(max_suspects);
  return out;
}

struct Detector::Look {
  struct Probe {
    Suspect suspect;
    std::unique_ptr<Wire> wire;
    std::string bytes;
    std::optional<bool> verdict;
    bool opened = false, ended = false;
  };
  std::vector<Probe> probes;
  std::size_t open = 0;
  net::Handle deadline;
  Done done;
};

Detector::Detector(const LinkEnvironment& environment, WorkerPool& pool, DetectorOptions options)
    : environment_(environment), pool_(pool), options_(options) {}

Detector::~Detector() {
  for (const auto& look : looks_) {  // Its timer and its wires hold it.
    look->deadline = {};
    look->probes.clear();
  }
}

void Detector::look(Done done) {
  if (looks_.size() >= options_.max_looks) {
    return done(Error{Errc::resource_exhausted, "several looks for games run already"});
  }
  const auto look = std::make_shared<Look>();  // shared: see looks_
  look->done = std::move(done);
  looks_.push_back(look);
  const auto posted = pool_.post([this, look, most = options_.max_suspects,
                                  alive = std::weak_ptr<int>(alive_), &loop = environment_.loop] {
    loop.post([this, look, alive, found = look_around(most)]() mutable {
      if (!alive.expired()) probe(look, std::move(found));
    });
  });
  if (posted) return;
  looks_.remove(look);
  look->done(posted.error());
}

void Detector::probe(const std::shared_ptr<Look>& look, std::vector<Suspect> suspects) {
  look->deadline = environment_.loop.after(options_.answer, [this, look] { end(look); });
  for (Suspect& suspect : suspects) look->probes.push_back({.suspect = std::move(suspect)});
  look->open = look->probes.size();
  for (std::size_t i = 0; i < look->probes.size(); ++i) {
    Look::Probe& one = look->probes[i];
    if (!can_probe(one.suspect.kind)) {
      settle(look);
      continue;
    }
    GameSettings place;
    place.kind = one.suspect.kind;
    place.port = one.suspect.port;
    one.wire = open_wire(
        environment_, place,
        {.on_open =
             [look, i] {
               look->probes[i].opened = true;
               const std::string ask = probe_of(look->probes[i].suspect.kind);
               if (!ask.empty()) (void)look->probes[i].wire->write(ask);
             },
         .on_bytes = [this, look, i](std::string_view bytes) { on_bytes(look, i, bytes); },
         .on_closed =
             [this, look, i](const Error&) {
               if (std::exchange(look->probes[i].ended, true)) return;
               Look::Probe& closed = look->probes[i];
               // A program of that name, and no refused connection.
               closed.verdict = closed.opened && closed.bytes.empty() && closed.suspect.pid != 0 &&
                                closes_at_probe(closed.suspect.kind);
               settle(look);
             }});
  }
  if (look->probes.empty()) end(look);
}

void Detector::on_bytes(const std::shared_ptr<Look>& look, std::size_t place,
                        std::string_view bytes) {
  Look::Probe& one = look->probes[place];
  if (one.ended) return;
  one.bytes.append(bytes.substr(0, 256));
  one.verdict = answers_as(one.suspect.kind, one.bytes);
  one.ended = one.verdict.has_value();
  if (one.ended) settle(look);
}

void Detector::settle(const std::shared_ptr<Look>& look) {
  if (look->open == 0 || --look->open > 0) return;
  // Later: what called may belong to a wire that goes with the look.
  look->deadline = environment_.loop.after(Nanos(0), [this, look] { end(look); });
}

void Detector::end(const std::shared_ptr<Look>& look) {
  const std::shared_ptr<Look> kept = look;  // The caller may be its own timer's.
  looks_.remove(kept);
  std::vector<Suspect> out;
  for (Look::Probe& one : kept->probes) {
    one.wire.reset();
    const bool silent = !can_probe(one.suspect.kind);
    if (!silent && !one.verdict.value_or(false)) continue;
    one.suspect.proven = !silent;
    out.push_back(std::move(one.suspect));
  }
  const Done done = std::exchange(kept->done, nullptr);
  kept->probes.clear();
  kept->deadline = {};
  if (done) done(std::move(out));
}

}  // namespace gk::games
