// Construction, long polls, the cancellation log and the views.
#include "macros/service.h"

#include <algorithm>

#include "sys/files.h"

namespace gk::macros {

struct MacroService::Waiter {
  std::string macro_id;
  std::string known_state;
  std::function<void(WaitAnswer)> done;
  net::Handle timer;
};

MacroService::MacroService(MacroServiceOptions options, net::Loop& loop, const Clock& clock,
                           Random& random, Log& log, Metrics& metrics, WorkerPool& pool,
                           Observer& observer, MacroStore& store, ProfileBook& profiles)
    : options_(std::move(options)),
      loop_(loop),
      clock_(clock),
      random_(random),
      log_(log),
      metrics_(metrics),
      pool_(pool),
      observer_(observer),
      store_(store),
      profiles_(profiles),
      launcher_(options_.launcher, log, metrics),
      watch_(options_.watch),
      quarantine_(options_.quarantine),
      recorder_(options_.evidence, options_.watch.memory_total_bytes),
      memory_(options_.memory, store, log),
      events_(options_.max_events),
      active_gauge_(metrics.gauge("gamekeeper_macros_active", "Macros that run now")),
      started_total_(metrics.counter("gamekeeper_macros_started_total", "Macros started")) {
  snapshots_ = observer_.snapshots().subscribe([this](const Observer::Published& snapshot) {
    if (snapshot != nullptr) recorder_.add(*snapshot, clock_.mono());
    if (!running_.empty()) (void)evaluate();
  });
}

// Workers end when their control pipes close, which happens here.
MacroService::~MacroService() {
  emergency_stop_signal();
  for (const auto& [id, macro] : running_) {
    if (macro->kind != MacroKind::process || macro->state == MacroState::starting) continue;
    if (macro->spawned.output) macro->output.drain(macro->spawned.output.get());
    memory_.keep({id, macro->output.text(), macro->status, clock_.wall()});
  }
}

void MacroService::restore(StoredMacros stored) {
  for (auto& event : stored.events) events_.push(std::move(event));
  total_cancellations_ = stored.total_cancellations;
  for (auto& entry : stored.quarantine) quarantine_.restore(std::move(entry));
  memory_.restore(std::move(stored.outputs), stored.levels);
}

RunningMacro* MacroService::find(std::string_view macro_id) {
  const auto it = running_.find(macro_id);
  return it == running_.end() ? nullptr : it->second.get();
}

bool MacroService::is_running(std::string_view macro_id) const {
  const auto it = running_.find(macro_id);
  return it != running_.end() && !it->second->ending;
}

std::string_view MacroService::confinement() const {
  return sys::confinement_name(launcher_.mode());
}

Result<ProgramOutput> MacroService::output(std::string_view macro_id) const {
  const auto it = running_.find(macro_id);
  if (it != running_.end()) return ProgramOutput{it->first, it->second->output.text(), {}, {}};
  if (const ProgramOutput* kept = memory_.output(macro_id)) return *kept;
  return Error{Errc::not_found,
               "macro " + std::string(macro_id) + " does not run, and is none of the last " +
                   std::to_string(memory_.limits().outputs) + " programs that ended"};
}

void MacroService::load_evidence(const std::string& event_id,
                                 std::function<void(Result<std::string>)> done) {
  store_.load_evidence(event_id, std::move(done));
}

Result<void> MacroService::wait(const std::string& macro_id, const std::string& known_state,
                                Millis timeout, std::function<void(WaitAnswer)> done) {
  const RunningMacro* macro = find(macro_id);
  if (macro == nullptr) {
    const auto ended = std::find_if(ended_.rbegin(), ended_.rend(),
                                    [&](const auto& e) { return e.macro_id == macro_id; });
    if (ended == ended_.rend()) {
      return Error{Errc::not_found, "macro " + macro_id + " does not run"};
    }
    done(*ended);
    return {};
  }
  if (state_name(macro->state) != known_state) {
    done({macro_id, std::string(state_name(macro->state)), macro->reason});
    return {};
  }
  if (waiters_.size() >= options_.max_waiters) {
    return Error{Errc::resource_exhausted, "too many programs wait"};
  }
  auto waiter = std::make_unique<Waiter>();
  waiter->macro_id = macro_id;
  waiter->known_state = known_state;
  waiter->done = std::move(done);
  const Waiter* self = waiter.get();
  waiter->timer = loop_.after(timeout, [this, self] {
    const auto it = std::find_if(waiters_.begin(), waiters_.end(),
                                 [&](const auto& w) { return w.get() == self; });
    if (it == waiters_.end()) return;
    const std::unique_ptr<Waiter> due = std::move(*it);
    waiters_.erase(it);
    due->done({due->macro_id, due->known_state, ""});
  });
  waiters_.push_back(std::move(waiter));
  return {};
}

void MacroService::answer_waiters(const std::string& id, std::string_view state,
                                  const std::string& reason) {
  const auto first = std::stable_partition(waiters_.begin(), waiters_.end(), [&](const auto& w) {
    return w->macro_id != id || w->known_state == state;
  });
  std::vector<std::unique_ptr<Waiter>> due(std::make_move_iterator(first),
                                           std::make_move_iterator(waiters_.end()));
  waiters_.erase(first, waiters_.end());
  for (const auto& waiter : due) waiter->done({id, std::string(state), reason});
}

namespace {

std::string log_text(const Ring<CancellationEvent>& events, WallTime now,
                     std::uint64_t total_cancellations) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("timestamp", now).field("total_cancellations", total_cancellations);
  w.key("cancellations").begin_array();
  const std::string today = date_stamp(now);
  for (std::size_t i = 0; i < events.size(); ++i) {
    const CancellationEvent& e = events[i];
    if (date_stamp(e.timestamp) != today || !was_done(e.outcome)) continue;
    w.begin_object().field("macro_id", e.macro_id).field("macro_name", e.macro_name);
    w.field("cancellation_reason", e.reason).field("timestamp", e.timestamp);
    w.field("session_id", e.session_id).key("performance_metrics");
    write_metrics(w, e.metrics);
    w.end_object();
  }
  w.end_array().end_object();
  return out + "\n";
}

}  // namespace

void MacroService::write_log(std::function<void(Result<std::string>)> done) {
  if (options_.logs_dir.empty()) {
    return done(Error{Errc::failed_precondition, "no directory for logs is configured"});
  }
  const WallTime now = clock_.wall();
  const std::string path = options_.logs_dir + "/macro_cancellations_" + date_stamp(now) + ".json";
  // Writing syncs the disk twice, so it is not done on the loop.
  const auto posted = pool_.post([path, dir = options_.logs_dir, done,
                                  text = log_text(events_, now, total_cancellations_),
                                  alive = std::weak_ptr<int>(alive_), &loop = loop_] {
    Result<void> written = sys::make_private_dir(dir);
    if (written) written = sys::replace_file(path, text);
    loop.post([alive, done, path, written] {
      if (alive.expired()) return;
      done(written ? Result<std::string>(path) : Result<std::string>(written.error()));
    });
  });
  if (!posted) done(posted.error());
}

// One write at a time; what happens meanwhile is written by the next.
void MacroService::write_log_later() {
  if (options_.logs_dir.empty()) return;
  if (log_is_being_written_) {
    log_is_stale_ = true;
    return;
  }
  log_is_being_written_ = true;
  write_log([this](const Result<std::string>& written) {
    log_is_being_written_ = false;
    if (!written) log_.warn("macros.log_not_written", written.error().message);
    if (std::exchange(log_is_stale_, false)) write_log_later();
  });
}

std::string MacroService::status_json() const {
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("monitoring_active", observer_.latest() != nullptr);
  w.field("active_macros", running_.size()).field("total_cancellations", total_cancellations_);
  w.field("last_check", last_check_).field("confinement", confinement()).end_object();
  return out;
}

namespace {

double seconds(Nanos time) { return std::chrono::duration<double>(time).count(); }

// Room left, 0..1: of a limit that must not be passed upwards (`below` = 0) or downwards.
std::optional<double> headroom(std::optional<double> value, double limit, Direction direction) {
  if (!value) return std::nullopt;
  const double room = direction == Direction::above ? 1 - *value / limit
                      : *value > 0                  ? 1 - limit / *value
                                                    : 0;
  return std::clamp(room, 0.0, 1.0);
}

// The macro's own value where its processes are watched: a busy neighbour takes no room from it.
std::optional<double> own_or(std::optional<double> own, std::optional<double> machine) {
  return own ? own : machine;
}

void write_demand(JsonWriter& w, const monitor::ProcessSample* process, MonoTime now) {
  w.key("demand_pct").begin_object();
  if (process == nullptr) {
    w.key("value").null().field("state", "unknown").field("reason", "no process is watched");
    w.key("at").null();
  } else {
    const monitor::Signal& s = process->demand_pct;
    const bool known = s.measured();
    w.key("value").value(known ? std::optional(s.value()) : std::nullopt);
    w.field("state", monitor::state_name(s.state(now)));
    w.key("reason").value(known ? std::optional<std::string>() : std::optional(s.reason()));
    w.key("at").value(known ? std::optional(s.wall_at()) : std::nullopt);
  }
  w.end_object();
}

}  // namespace

std::string MacroService::active_item(const RunningMacro& m, const monitor::Snapshot* snapshot,
                                      MonoTime now) const {
  const monitor::ProcessSample* process = nullptr;
  if (snapshot != nullptr) {
    const auto it = snapshot->processes.find(m.subject);
    if (it != snapshot->processes.end()) process = &it->second;
  }
  const auto known = [&](const monitor::Signal& s) {
    return s.is_known(now) ? std::optional(s.value()) : std::nullopt;
  };
  const EventMetrics metrics = metrics_of(snapshot, now);
  std::optional<double> own_memory;
  if (process != nullptr && options_.watch.memory_total_bytes > 0) {
    if (const auto rss = known(process->rss_bytes)) {
      own_memory = 100 * *rss / options_.watch.memory_total_bytes;
    }
  }
  const double elapsed = seconds(now - m.started), limit = m.profile.max_duration_s;
  const PerformanceThresholds& t = m.profile.thresholds;
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("macro_id", m.id).field("macro_name", m.name);
  w.field("safety_level", level_name(m.profile.safety_level)).key("window");
  w.value(m.window.empty() ? std::nullopt : std::optional(m.window));
  w.field("kind", kind_name(m.kind));
  w.key("script").value(m.script.empty() ? std::nullopt : std::optional(m.script));
  w.key("game").value(m.game.empty() ? std::nullopt : std::optional(m.game));
  w.field("start_time", m.started_wall).field("duration", elapsed);
  w.field("time_left", std::max(0.0, limit - elapsed)).key("headroom").begin_object();
  w.field("duration", headroom(elapsed, limit, Direction::above));
  const auto own_demand = process != nullptr ? known(process->demand_pct) : std::nullopt;
  w.field("cpu_usage",
          headroom(own_or(own_demand, metrics.cpu_usage), t.cpu_usage_max, Direction::above));
  w.field("memory_usage",
          headroom(own_or(own_memory, metrics.memory_usage), t.memory_usage_max, Direction::above));
  w.field("fps", headroom(metrics.fps, t.fps_min, Direction::below));
  w.field("latency", headroom(metrics.latency, t.latency_max, Direction::above));
  w.field("response_time", headroom(metrics.response_time, t.response_time_max, Direction::above));
  w.end_object().field("state", state_name(m.state)).key("pid");
  w.value(m.has_process() ? std::optional(m.spawned.process.pid()) : std::nullopt);
  write_demand(w, process, now);
  w.field("session_id", m.session_id).key("reason");
  w.value(m.reason.empty() ? std::nullopt : std::optional(m.reason));
  w.key("confinement");
  w.value(m.kind == MacroKind::process ? std::optional(sys::confinement_name(m.spawned.mode))
                                       : std::nullopt);
  w.end_object();
  return out;
}

std::string MacroService::active_json() const {
  const auto snapshot = observer_.latest();
  std::string out = "{\"items\":[";
  bool first = true;
  for (const auto& [id, macro] : running_) {
    if (macro->state == MacroState::starting) continue;
    if (!std::exchange(first, false)) out += ',';
    out += active_item(*macro, snapshot.get(), clock_.mono());
  }
  return out + "]}";
}

std::string MacroService::report_json() const {
  const auto snapshot = observer_.latest();
  std::string out;
  JsonWriter w(out);
  w.begin_object().field("timestamp", clock_.wall()).field("active_macros", running_.size());
  w.field("total_cancellations", total_cancellations_).key("performance_metrics");
  write_metrics(w, metrics_of(snapshot.get(), clock_.mono()));
  w.key("active_macro_details").begin_array();
  for (const auto& [id, m] : running_) {
    w.begin_object().field("macro_id", id).field("name", m->name);
    w.field("duration", seconds(clock_.mono() - m->started));
    w.field("safety_level", level_name(m->profile.safety_level)).end_object();
  }
  w.end_array().key("recent_cancellations").begin_array();
  const std::size_t shown = std::min<std::size_t>(10, events_.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const CancellationEvent& e = events_[events_.size() - 1 - i];
    w.begin_object().field("macro_id", e.macro_id).field("macro_name", e.macro_name);
    w.field("reason", e.reason).field("timestamp", e.timestamp).end_object();
  }
  w.end_array().end_object();
  return out;
}

}  // namespace gk::macros
