#include "referee/service/recorder.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace gk::referee {
namespace {

constexpr std::size_t kFlushAt = 64UL * 1024;  // Source: chosen.
/// Kept free for the end lines of open sessions.
constexpr std::uint64_t kEndLine = 100;

const char* claim_type(ClaimKind kind) {
  switch (kind) {
    case ClaimKind::stutter: return "stutter";
    case ClaimKind::low_fps: return "low_fps";
    case ClaimKind::memory_pressure: return "memory_pressure";
    case ClaimKind::metrics: return "metrics";
  }
  return "stutter";
}

void set_vector(TraceEvent& line, Vec3 v, Num x, Num y, Num z) {
  line.set(x, static_cast<double>(v.x));
  line.set(y, static_cast<double>(v.y));
  line.set(z, static_cast<double>(v.z));
}

/// The trace's words for an event; false when the format has none for it.
bool translate(const EventRecord& event, TraceEvent& line) {
  switch (event.kind) {
    case EventKind::teleport:
      line.set(Text::type, "teleport");
      set_vector(line, event.vector, Num::x, Num::y, Num::z);
      break;
    case EventKind::speed:
    case EventKind::frozen:
      line.set(Text::type, "speed");
      line.set(Num::mul, event.kind == EventKind::frozen ? 0 : static_cast<double>(event.number));
      line.set(Num::dur, event.duration_us / 1e3);
      break;
    case EventKind::knockback:
      line.set(Text::type, "knock");
      set_vector(line, event.vector, Num::vx, Num::vy, Num::vz);
      if (event.number > 0) line.set(Num::decel, static_cast<double>(event.number));
      break;
    case EventKind::rtt:
      line.kind = TraceKind::rtt;
      line.set(Num::rtt, event.duration_us / 1e3);
      return true;
    case EventKind::tick:
      line.kind = TraceKind::overrun;
      line.set(Num::over, event.duration_us / 1e3);
      return true;
    case EventKind::claim:
      line.kind = TraceKind::claim;
      line.set(Text::type, claim_type(event.claim));
      line.set(Text::sev, event.severity >= 3 ? "high" : event.severity == 2 ? "medium" : "low");
      line.set(Num::dur, event.duration_us / 1e3);
      return event.claim != ClaimKind::metrics;
    case EventKind::join:
    case EventKind::leave:
    case EventKind::free:
    case EventKind::vehicle: return false;
  }
  line.kind = TraceKind::declared;
  return true;
}

}  // namespace

void Recorder::start(std::string name, sys::Fd file, std::uint64_t max_bytes, std::int64_t now_us) {
  stop("stopped");
  state_ = {.running = true,
            .name = std::move(name),
            .bytes = 0,
            .max_bytes = std::min(max_bytes, kMostBytes),
            .lines = 0,
            .ended = ""};
  file_ = std::move(file);
  start_us_ = now_us;
}

void Recorder::stop(const std::string& why) {
  if (!state_.running) return;
  for (const std::string& player : open_) {
    TraceEvent end;
    end.kind = TraceKind::end;
    end.set(Text::id, player);
    write_trace_line(end, buffer_);
  }
  open_.clear();
  flush();
  file_.reset();
  state_.running = false;
  if (state_.ended.empty()) state_.ended = why;
}

void Recorder::flush() {
  std::string_view rest = buffer_;
  while (!rest.empty()) {
    const ssize_t wrote = ::write(file_.get(), rest.data(), rest.size());
    if (wrote < 0 && errno == EINTR) continue;
    if (wrote <= 0) {
      state_.ended = std::string("write failed: ") + std::strerror(errno);
      break;
    }
    state_.bytes += static_cast<std::uint64_t>(wrote);
    rest.remove_prefix(static_cast<std::size_t>(wrote));
  }
  buffer_.clear();
}

void Recorder::line(const TraceEvent& event) {
  const std::uint64_t reserve = kEndLine * (open_.size() + 4);
  if (state_.bytes + buffer_.size() + reserve > state_.max_bytes) return stop("full");
  write_trace_line(event, buffer_);
  ++state_.lines;
  if (buffer_.size() >= kFlushAt) flush();
  if (!state_.ended.empty()) stop(state_.ended);
}

void Recorder::begin(const std::string& player, const MoveProfile& profile) {
  if (open_.size() >= kMostPlayers) return;
  TraceEvent start;
  start.kind = TraceKind::session;
  start.set(Text::id, player);
  start.set(Text::mode, profile.space == Space::solid_3d ? "3d" : "2d");
  start.set(Num::vmax, static_cast<double>(profile.max_speed));
  start.set(Num::vup, static_cast<double>(profile.max_rise_speed));
  start.set(Num::grav, static_cast<double>(profile.gravity));
  start.set(Num::nom, profile.nominal_us / 1e3);
  start.set(Num::upm, static_cast<double>(profile.units_per_metre));
  start.set(Num::step, static_cast<double>(profile.step_m));
  start.set(Num::tol, static_cast<double>(profile.tolerance_m));
  line(start);
  if (state_.running) open_.insert(player);
}

void Recorder::move(const std::string& player, const MoveProfile& profile, const Move& move) {
  if (!knows(player)) begin(player, profile);
  if (!state_.running || !knows(player)) return;
  TraceEvent out;
  out.kind = TraceKind::move;
  out.set(Text::id, player);
  if (move.has_sequence) out.set(Num::s, move.sequence);
  if (move.has_clock) out.set(Num::c, static_cast<double>(move.client_us) / 1000);
  out.set(Num::r, ms(move.received_us));
  out.set(Num::x, static_cast<double>(move.position.x));
  out.set(Num::y, static_cast<double>(move.position.y));
  if (profile.space == Space::solid_3d) out.set(Num::z, static_cast<double>(move.position.z));
  if (move.ground != Ground::unknown) out.set(Num::g, move.ground == Ground::contact ? 1 : 0);
  line(out);
}

void Recorder::event(const std::string& player, const EventRecord& event, std::int64_t at_us) {
  // The server's tick belongs to nobody; the format wants an id when sessions interleave.
  const std::string& id = player.empty() && !open_.empty() ? *open_.begin() : player;
  if (!state_.running || !knows(id)) return;
  TraceEvent out;
  if (!translate(event, out)) return;
  out.set(Text::id, id);
  out.set(Num::r, ms(at_us));
  if (out.kind == TraceKind::claim) out.set(Num::c, ms(at_us));
  line(out);
}

void Recorder::leave(const std::string& player) {
  if (!state_.running || open_.erase(player) == 0) return;
  TraceEvent end;
  end.kind = TraceKind::end;
  end.set(Text::id, player);
  line(end);
}

}  // namespace gk::referee
