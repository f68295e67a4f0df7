// One movement through the judge: judged, counted, remembered.
#include <algorithm>
#include <cmath>
#include <limits>

#include "base/assert.h"
#include "referee/service/judge_player.h"

namespace gk::referee {
namespace {

constexpr std::int64_t kSampleUs = 400'000;     // Source: chosen; a point of the path.
constexpr std::int64_t kStatusUs = 1'000'000;   // Source: chosen; clock ratios.
constexpr std::int64_t kLearnUs = 600'000'000;  // Source: chosen; a baseline is stored so often.
constexpr float kGrowth = 10;                   // Source: chosen; then a case is told again.

CreditReason reason_of(LagCause cause) {
  switch (cause) {
    case LagCause::none: break;
    case LagCause::silence: return CreditReason::silence;
    case LagCause::rtt: return CreditReason::rtt;
    case LagCause::overrun: return CreditReason::overrun;
  }
  return CreditReason::silence;  // Credit was drawn while lag was seen; the gap itself ended it.
}

const char* claim_word(ClaimKind kind) {
  return kind == ClaimKind::low_fps           ? "low_fps"
         : kind == ClaimKind::memory_pressure ? "memory_pressure"
                                              : "stutter";
}

TraceEvent trace_of(const Move& move) {
  TraceEvent event;
  event.kind = TraceKind::move;
  event.set(Num::r, static_cast<double>(move.received_us) / 1000);
  if (move.has_clock) event.set(Num::c, static_cast<double>(move.client_us) / 1000);
  event.set(Num::x, static_cast<double>(move.position.x));
  event.set(Num::y, static_cast<double>(move.position.y));
  event.set(Num::z, static_cast<double>(move.position.z));
  return event;
}

bool finite(const Move& move) {
  constexpr std::int64_t kMostUs = std::int64_t{1} << 60U;  // Source: as the bounded rules.
  const Vec3& p = move.position;
  return std::isfinite(p.x) && std::isfinite(p.y) && std::isfinite(p.z) &&
         std::abs(move.received_us) < kMostUs && std::abs(move.client_us) < kMostUs;
}

}  // namespace

void Judge::Player::note_smart(const EventRecord& event, std::int64_t at_us) {
  TraceEvent line;
  // The sets compare claims with movements, which carry the client's clock.
  line.set(Num::r, static_cast<double>(at_us + client_offset_us) / 1000);
  line.kind = event.claim == ClaimKind::metrics ? TraceKind::metrics : TraceKind::claim;
  line.set(Num::fps, static_cast<double>(event.vector.x));
  line.set(Num::score, static_cast<double>(event.vector.y));
  line.set(Num::dur, event.duration_us / 1e3);
  line.set(Text::type, claim_word(event.claim));
  line.set(Text::sev, event.severity >= 3 ? "high" : event.severity == 2 ? "medium" : "low");
  smart->note(line);
}

Verdict Judge::judge_smart(Player& player, const Move& move) {
  if (!finite(move)) return Verdict{.outcome = MoveOutcome::invalid};
  player.client_offset_us = move.has_clock ? move.client_us - move.received_us : 0;
  Verdict verdict = player.smart->judge(trace_of(move));
  if (verdict.outcome == MoveOutcome::accepted) player.last_accepted = move.position;
  verdict.set_back = player.last_accepted;
  return verdict;
}

void Judge::judge(std::span<const Move> moves, std::span<const Handle> handles,
                  std::span<Verdict> verdicts, Now now) {
  GK_ASSERT(moves.size() == handles.size() && moves.size() == verdicts.size());  // Documented.
  stats_.events += moves.size();
  counters_->events.inc(static_cast<double>(moves.size()));
  // A batch ends where a player comes again: the referee explains the last refusal of a player.
  for (std::size_t begin = 0; begin < moves.size();) {
    ++batch_;
    std::size_t end = begin;
    for (; end < moves.size() && hot_[handles[end].slot].batch != batch_; ++end)
      hot_[handles[end].slot].batch = batch_;
    const std::size_t size = end - begin;
    judge_batch(moves.subspan(begin, size), handles.subspan(begin, size),
                verdicts.subspan(begin, size), now);
    begin = end;
  }
}

void Judge::judge_batch(std::span<const Move> moves, std::span<const Handle> handles,
                        std::span<Verdict> verdicts, Now now) {
  if (is_unsafe(options_.mode)) {
    for (std::size_t i = 0; i < moves.size(); ++i)
      verdicts[i] = judge_smart(*players_[handles[i].slot], moves[i]);
  } else {
    referee_->move_batch(moves, verdicts);
  }
  for (std::size_t i = 0; i < moves.size(); ++i) {
    HotSlot& hot = hot_[handles[i].slot];
    ++hot.moves;
    hot.seen_us = now.us;
    const Verdict& v = verdicts[i];
    const bool plain = v.outcome == MoveOutcome::accepted && !v.adjusted && v.state == hot.state;
    // A steady player: nothing of the cold record is touched.
    if (plain && moves[i].received_us < hot.sample_due_us && !recorder_.running()) [[likely]]
      continue;
    note(moves[i], handles[i], v, now);
  }
}

void Judge::note(const Move& move, Handle handle, const Verdict& verdict, Now now) {
  HotSlot& hot = hot_[handle.slot];
  Player& player = *players_[handle.slot];
  if (recorder_.running()) recorder_.move(player.name, player.profile, move);
  switch (verdict.outcome) {
    case MoveOutcome::rejected: note_refusal(move, handle, verdict, now); break;
    case MoveOutcome::accepted: note_accepted(move, handle, verdict, now); break;
    case MoveOutcome::stale: ++stats_.stale; break;
    case MoveOutcome::duplicate: ++stats_.duplicate; break;
    case MoveOutcome::invalid: ++stats_.invalid; return;
    case MoveOutcome::unknown_player: return;
  }
  if (verdict.state != hot.state) note_state(handle, verdict.state, now);
  if (move.received_us >= hot.sample_due_us) sample(handle, move, now);
}

VerdictRecord Judge::record_of(const Move& move, Handle handle, const Verdict& verdict,
                               Now now) const {
  const Player& player = *players_[handle.slot];
  VerdictRecord record;
  record.player = player.name;
  record.sequence = move.sequence;
  record.at = now.wall;
  record.outcome = verdict.outcome;
  record.rule = verdict.rule;
  record.state = verdict.state;
  record.adjusted = verdict.adjusted;
  record.shadow = options_.mode == ServiceMode::shadow;
  record.confidence = verdict.confidence;
  if (verdict.outcome != MoveOutcome::invalid) record.position = move.position;
  record.set_back = verdict.set_back;
  if (!record.refused()) return record;
  if (player.smart) {
    record.smart_reason = player.smart->reason();
    return record;
  }
  // The referee keeps the last refusal of a player: it is this one only if nothing came after.
  if (auto why = referee_->explain(move.player);
      why && why->received_us == move.received_us && why->to == move.position)
    record.why = *why;
  return record;
}

void Judge::note_refusal(const Move& move, Handle handle, const Verdict& verdict, Now now) {
  Player& player = *players_[handle.slot];
  const auto rule = static_cast<std::size_t>(verdict.rule);
  ++player.rejected;
  ++stats_.rejections[rule];
  if (rule > 0) counters_->rejections[rule - 1].inc();
  VerdictRecord record = record_of(move, handle, verdict, now);
  const float radius = record.why ? record.why->allowed : 0;
  player.add_point({now.wall, move.position, verdict.set_back, radius, false});
  store(std::move(record));
  if (verdict.state != PlayerState::review || hot_[handle.slot].state != PlayerState::review)
    return;
  const auto status = referee_->status(move.player, now.us);
  if (status &&
      *std::max_element(status->e.begin(), status->e.end()) >= kGrowth * player.reported_e)
    consider_review(player, *status, now);
}

void Judge::note_accepted(const Move& move, Handle handle, const Verdict& verdict, Now now) {
  if (verdict.adjusted && !is_unsafe(options_.mode)) {
    const auto status = referee_->status(move.player, move.received_us);
    const auto reason = reason_of(status ? status->lag_cause : LagCause::none);
    ++stats_.adjustments[static_cast<std::size_t>(reason)];
    counters_->adjustments[static_cast<std::size_t>(reason) - 1].inc();
  }
  if (now.us - accepted_second_us_ >= 1'000'000) {
    accepted_second_us_ = now.us;
    accepted_in_second_ = 0;
  }
  if (accepted_in_second_ >= limits_.accepted_per_second) return;
  ++accepted_in_second_;
  store(record_of(move, handle, verdict, now));
}

void Judge::note_state(Handle handle, PlayerState state, Now now) {
  HotSlot& hot = hot_[handle.slot];
  const bool worse = state > hot.state;
  hot.state = state;
  news_.changed = true;
  if (!worse) return;
  const auto status = referee_->status(hot.id, now.us);
  if (!status) return;
  players_[handle.slot]->status_e = std::max(players_[handle.slot]->status_e, status->max_e);
  if (state == PlayerState::review) consider_review(*players_[handle.slot], *status, now);
}

void Judge::sample_clock(Player& player, const PlayerStatus& status, std::int64_t received_us) {
  const auto turn = [&](ClockWindow& window, std::int64_t length_us) {
    if (window.from_us == 0 || received_us < window.from_us) {
      window = {received_us, status.clock_drift_us, 0};
      return;
    }
    const std::int64_t span = received_us - window.from_us;
    if (span < length_us) return;
    const double ratio = 1 + static_cast<double>(status.clock_drift_us - window.drift_us) /
                                 static_cast<double>(span);
    window = {received_us, status.clock_drift_us, ratio};
  };
  turn(player.minute, 60'000'000);
  turn(player.ten_minutes, 600'000'000);
  const std::int64_t whole = received_us - player.first_received_us;
  if (whole > 0)
    player.clock_session =
        1 + static_cast<double>(status.clock_drift_us) / static_cast<double>(whole);
}

void Judge::sample(Handle handle, const Move& move, Now now) {
  HotSlot& hot = hot_[handle.slot];
  Player& player = *players_[handle.slot];
  const std::int64_t at = move.received_us;
  const bool far = at > std::numeric_limits<std::int64_t>::max() - kSampleUs;
  hot.sample_due_us = far ? at : at + kSampleUs;
  player.moves += hot.moves;
  hot.moves = 0;
  player.last_at = now.wall;
  const auto status = referee_->status(move.player, at);
  if (!status) return;
  if (!player.placed) {
    player.placed = true;
    player.first_received_us = at;
  }
  const double since_s = static_cast<double>(at - player.last_received_us) / 1e6;
  player.last_received_us = at;
  const double reach =
      static_cast<double>(player.profile.max_speed) *
      (std::clamp(since_s, 0.0, 10.0) * 1.005 + static_cast<double>(status->credit_limit_us) / 1e6);
  const Vec3 where = is_unsafe(options_.mode) ? player.last_accepted : status->position;
  player.add_point({now.wall, where, {}, static_cast<float>(reach), true});
  news_.changed = true;
  player.status_e = std::max(player.status_e, status->max_e);
  if (at >= player.status_due_us) {
    player.status_due_us = at + kStatusUs;
    sample_clock(player, *status, at);
  }
  if (now.us - player.learned_us >= kLearnUs) learn(player, now);
}

std::int64_t Judge::to_daemon_us(Handle handle, std::int64_t caller_us, std::int64_t now_us) {
  constexpr std::int64_t kMost = std::int64_t{1} << 61U;
  if (caller_us > kMost || caller_us < -kMost) return caller_us;  // Refused as out of range.
  Player& player = *players_[handle.slot];
  if (!player.has_offset) {
    player.has_offset = true;
    player.caller_offset_us = now_us - caller_us;
  }
  return caller_us + player.caller_offset_us;
}

}  // namespace gk::referee
