#include "referee/offline/replay.h"

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "base/json_writer.h"
#include "referee/offline/smart_replay.h"
#include "referee/offline/trace.h"

namespace gk::referee {
namespace {

/// One open session.
struct Open {
  std::string id;
  PlayerId player;
  std::uint64_t moves = 0, rejected = 0;
  std::array<std::uint64_t, kRefereeRules> by_rule{};
  std::optional<std::int64_t> first_us, reject_us, watch_us, review_us;
  std::int64_t last_us = 0;
  bool named_lines = false;  // Its lines carry an id, so others may interleave.
  std::unique_ptr<SmartReplay> smart;
};

/// The state of one replay. Thread: compatible.
class Replay {
 public:
  Replay(Referee referee, const ReplayOptions& options, std::ostream& out)
      : referee_(std::move(referee)), options_(options), out_(out) {}

  Result<void> line(std::string_view text);
  void finish() {
    while (!open_.empty()) end(open_.begin());
    flush();
  }
  ReplayStats stats;

 private:
  using Sessions = std::map<std::string, Open, std::less<>>;
  Result<void> start(const TraceEvent& event);
  Result<Sessions::iterator> session_of(const TraceEvent& event);
  void judge(Open& open, const TraceEvent& event);
  void note_state(Open& open, PlayerState state, std::int64_t now);
  void end(Sessions::iterator at);
  void print_refusal(const Open& open, const TraceEvent& event, const Verdict& verdict);
  void flush() {
    out_ << text_;
    text_.clear();
  }

  Referee referee_;
  const ReplayOptions& options_;
  std::ostream& out_;
  std::string text_;
  TraceEvent event_;
  Sessions open_;
  std::optional<Sessions::iterator> last_;
};

Result<void> Replay::line(std::string_view text) {
  if (auto parsed = parse_trace_line(text, event_); !parsed) return parsed;
  if (event_.kind == TraceKind::session) return start(event_);
  auto at = session_of(event_);
  if (!at) return at.error();
  Open& open = (*at)->second;
  if (event_.kind == TraceKind::end) {
    end(*at);
    return {};
  }
  open.last_us = std::max(open.last_us, event_.received_us());
  if (open.smart && event_.kind != TraceKind::move) {
    open.smart->note(event_);
    return {};
  }
  if (event_.kind == TraceKind::move) {
    judge(open, event_);
    return {};
  }
  // A claim too many, or a fifth speed effect, is the trace's business, not an error in it.
  if (auto applied = apply_event(referee_, open.player, event_);
      !applied && applied.error().code == Errc::invalid_argument)
    return applied;
  return {};
}

Result<void> Replay::start(const TraceEvent& event) {
  std::string id(event[Text::id]);
  if (id.empty()) id = std::to_string(stats.sessions + 1);
  if (last_ && !(*last_)->second.named_lines) end(*last_);  // Its `E` is missing.
  if (open_.contains(id))
    return Error{Errc::already_exists, "session \"" + id + "\" is open already"};
  if (open_.size() >= options_.max_sessions)
    return Error{Errc::resource_exhausted, "too many sessions are open"};
  if (open_.empty()) referee_.restart_clock();  // Another server, or the same one later.
  const auto profile = referee_.add_profile(profile_of(event));
  if (!profile) return profile.error();
  const auto player = referee_.add_player(*profile, 0);
  if (!player) return player.error();
  Open open;
  open.id = id;
  open.player = *player;
  if (options_.mode == ReplayMode::smart_ts || options_.mode == ReplayMode::smart_cs)
    open.smart =
        std::make_unique<SmartReplay>(profile_of(event), options_.mode == ReplayMode::smart_cs);
  last_ = open_.emplace(id, std::move(open)).first;
  ++stats.sessions;
  return {};
}

Result<Replay::Sessions::iterator> Replay::session_of(const TraceEvent& event) {
  const std::string_view id = event[Text::id];
  if (id.empty()) {
    if (!last_)
      return Error{Errc::failed_precondition, "no session is open: an S line comes first"};
    if (open_.size() > 1)
      return Error{Errc::invalid_argument, "sessions interleave, so every line needs an \"id\""};
    return *last_;
  }
  if (last_ && (*last_)->first == id) {
    (*last_)->second.named_lines = true;
    return *last_;
  }
  const auto found = open_.find(id);
  if (found == open_.end())
    return Error{Errc::not_found, "no session \"" + std::string(id) + "\" is open"};
  found->second.named_lines = true;
  last_ = found;
  return found;
}

void Replay::note_state(Open& open, PlayerState state, std::int64_t now) {
  if (state >= PlayerState::watch && !open.watch_us) open.watch_us = now;
  if (state == PlayerState::review && !open.review_us) open.review_us = now;
}

void Replay::judge(Open& open, const TraceEvent& event) {
  const std::int64_t now = event.received_us();
  if (!open.first_us) open.first_us = now;
  ++open.moves;
  ++stats.moves;
  const Verdict verdict =
      open.smart ? open.smart->judge(event) : referee_.move(move_of(event, open.player));
  note_state(open, verdict.state, now);
  if (options_.judged) options_.judged(open.id, event, verdict);
  if (verdict.outcome != MoveOutcome::rejected) return;
  ++open.rejected;
  ++open.by_rule[static_cast<std::size_t>(verdict.rule)];
  if (!open.reject_us) open.reject_us = now;
  if (options_.events) print_refusal(open, event, verdict);
}

void Replay::print_refusal(const Open& open, const TraceEvent& event, const Verdict& verdict) {
  JsonWriter json(text_);
  json.begin_object().field("event", "rejected").field("id", open.id);
  json.key("s");
  event.has(Num::s) ? json.value(event[Num::s]) : json.null();
  json.field("r", event[Num::r]);
  if (open.smart) {
    json.field("reason", open.smart->reason()).end_object();
    text_ += '\n';
    return;
  }
  json.field("rule", referee_rule_name(verdict.rule));
  json.key("set_back_to").begin_array();
  for (const float v : {verdict.set_back.x, verdict.set_back.y, verdict.set_back.z})
    json.value(static_cast<double>(v));
  json.end_array();
  if (const auto why = referee_.explain(open.player)) {
    json.field("distance", static_cast<double>(why->distance))
        .field("allowed", static_cast<double>(why->allowed))
        .field("window_ms", why->window_us / 1e3)
        .field("claimed_ms", why->claimed_us / 1e3)
        .field("granted_ms", why->granted_us / 1e3)
        .field("credit_ms", why->credit_us / 1e3)
        .field("credit_limit_ms", why->credit_limit_us / 1e3)
        .field("silence_ms", why->silence_us / 1e3)
        .field("rtt_rise_ms", why->rtt_rise_us / 1e3)
        .field("overrun_ms", why->overrun_us / 1e3)
        .field("declarations", why->declarations)
        .field("claims", why->claims)
        .field("claims_corroborated", why->claims_corroborated)
        .field("e_before", static_cast<double>(why->e_before))
        .field("e_after", static_cast<double>(why->e_after))
        .field("explanation", std::string_view(why->sentence));
  }
  json.end_object();
  text_ += '\n';
}

void Replay::end(Sessions::iterator at) {
  const Open& open = at->second;
  (void)referee_.close(open.player, open.last_us);
  const PlayerStatus status = referee_.status(open.player, open.last_us).value();
  note_state(at->second, status.state, open.last_us);
  const auto since = [&](const std::optional<std::int64_t>& t) -> std::optional<double> {
    if (!t || !open.first_us) return std::nullopt;
    return static_cast<double>(*t - *open.first_us) / 1000;
  };
  const PlayerState worst = open.review_us  ? PlayerState::review
                            : open.watch_us ? PlayerState::watch
                                            : PlayerState::ok;
  JsonWriter json(text_);
  json.begin_object()
      .field("id", open.id)
      .field("moves", open.moves)
      .field("rejected", open.rejected)
      .field("first_reject_ms", since(open.reject_us));
  json.key("rejects_by_rule").begin_object();
  for (std::size_t i = 0; i < kRefereeRules; ++i)
    if (open.by_rule[i] > 0)
      json.field(referee_rule_name(static_cast<RefereeRule>(i)), open.by_rule[i]);
  const double max_e = static_cast<double>(status.max_e);
  json.end_object()
      .field("state", player_state_name(worst))
      .field("confidence", max_e > 1 ? 1 - 1 / max_e : 0.0)
      .field("max_e", max_e)
      .field("first_watch_ms", since(open.watch_us))
      .field("first_review_ms", since(open.review_us))
      .field("credit_used_ms", static_cast<double>(status.credit_used_us) / 1000)
      .field("claims", status.claims)
      .field("claims_corroborated", status.claims_corroborated)
      .end_object();
  text_ += '\n';
  if (text_.size() > 1 << 16) flush();
  (void)referee_.remove_player(open.player);
  if (last_ && *last_ == at) last_.reset();
  open_.erase(at);
  if (!last_ && open_.size() == 1) last_ = open_.begin();
}

/// Splits `in` into lines; calls `take(line, number)` until it returns false.
template <class Take>
void each_line(std::istream& in, const std::function<void(std::uint64_t)>& progress, Take take) {
  constexpr std::size_t kBlock = 1 << 20;
  std::vector<char> buffer(kBlock);
  std::size_t kept = 0;
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  for (bool more = true; more;) {
    if (buffer.size() - kept < kBlock / 2) buffer.resize(buffer.size() + kBlock);
    in.read(buffer.data() + kept, static_cast<std::streamsize>(buffer.size() - kept));
    const auto got = static_cast<std::size_t>(in.gcount());
    bytes += got;
    if (progress) progress(bytes);
    more = got > 0;
    const char* at = buffer.data();
    const char* const stop = at + kept + got;
    while (const void* found = std::memchr(at, '\n', static_cast<std::size_t>(stop - at))) {
      const char* const newline = static_cast<const char*>(found);
      if (!take(std::string_view(at, static_cast<std::size_t>(newline - at)), ++number)) return;
      at = newline + 1;
    }
    kept = static_cast<std::size_t>(stop - at);
    if (!more && kept > 0 && !take(std::string_view(at, kept), ++number)) return;
    std::memmove(buffer.data(), at, kept);
    // A line longer than any allowed: keep its start, which the reader refuses by length.
    kept = std::min<std::size_t>(kept, 8 * kBlock);
  }
}

}  // namespace

Result<ReplayStats> replay(std::istream& in, std::ostream& out, std::ostream& error,
                           const ReplayOptions& options) {
  RefereeOptions referee_options = options.referee;
  referee_options.mode =
      options.mode == ReplayMode::shadow ? RefereeMode::shadow : RefereeMode::bounded;
  referee_options.max_players = options.max_sessions;
  referee_options.max_profiles = 65'535;
  auto referee = Referee::create(referee_options);
  if (!referee) return referee.error();
  Replay run(std::move(*referee), options, out);
  each_line(in, options.progress, [&](std::string_view text, std::uint64_t number) {
    ++run.stats.lines;
    if (text.find_first_not_of(" \t\r") == std::string_view::npos) return true;
    const auto taken = run.line(text);
    if (taken) return true;
    ++run.stats.errors;
    error << options.name << ':' << number << ": " << taken.error().message << '\n';
    return options.keep_going;
  });
  if (run.stats.errors == 0 || options.keep_going) run.finish();
  return run.stats;
}

}  // namespace gk::referee
