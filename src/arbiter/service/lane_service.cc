#include "arbiter/service/lane_service.h"

#include <algorithm>
#include <utility>

#include "arbiter/service/lane_state.h"
#include "base/try.h"

namespace gk::arbiter {
namespace {

Error no_lane(const std::string& name) {
  return {Errc::not_found, "there is no lane \"" + name + "\""};
}
Error has_ended() { return {Errc::failed_precondition, "the grant of this token has ended"}; }

}  // namespace

LaneService::LaneService(const LaneServiceOptions& options, net::Loop& loop, const Clock& clock,
                         Log& log, Metrics& metrics, LaneStore& store, std::unique_ptr<Gate> gate)
    : options_(options),
      loop_(loop),
      clock_(clock),
      log_(log),
      store_(store),
      started_(clock.mono()),
      inbox_(std::make_shared<Inbox>(loop, this)),
      gate_(std::move(gate)),
      fences_(options.fences),
      granted_(metrics.counter("gamekeeper_lane_grants_total", "Lanes granted by the daemon")),
      lost_(metrics.counter("gamekeeper_lane_grants_lost_total",
                            "Grants that ended by lease, revocation or a dead holder")),
      stale_(metrics.counter("gamekeeper_lane_stale_sends_total",
                             "Acts refused for the token of an ended grant")),
      timed_out_(metrics.counter("gamekeeper_lane_timeouts_total",
                                 "Requests for a lane that were not granted in time")),
      waited_(metrics.histogram("gamekeeper_lane_wait_seconds",
                                "From the request for a lane until its grant",
                                duration_buckets())) {
  gate_->set_on_ended([inbox = inbox_](const Ended& ended) {
    Inbox::Item item;
    item.ended = ended;
    inbox->push(std::move(item), inbox);
  });
}

LaneService::~LaneService() {
  shutdown();
  // What holders and the inbox keep of the gate goes before the gate.
  lanes_.clear();
  (void)inbox_->take();
}

void LaneService::shutdown() {
  if (inbox_->service == nullptr) return;
  gate_->shutdown();
  drain();
  inbox_->service = nullptr;
}

Result<std::unique_ptr<LaneService>> LaneService::create(const LaneServiceOptions& options,
                                                         net::Loop& loop, const Clock& clock,
                                                         Log& log, Metrics& metrics,
                                                         LaneStore& store,
                                                         const StoredLanes& stored) {
  GK_TRY(auto gate, Gate::create(options.arbiter, clock));
  std::unique_ptr<LaneService> service(
      new LaneService(options, loop, clock, log, metrics, store, std::move(gate)));
  service->restore(stored);
  return service;
}

void LaneService::restore(const StoredLanes& stored) {
  floor_ = stored.floor;
  for (Module& module : default_modules()) {
    if (auto set = apply_module(module); !set) log_.error("lanes.module", set.error().message);
  }
  for (const StoredModule& from : stored.modules) {
    Complaints complaints;
    const auto body = parse_json(from.module);
    Module module;
    if (body) module = read_module(*body, from.name, {}, complaints);
    if (!body || !complaints.empty()) {
      log_.warn("lanes.stored_module_ignored", "a stored module is not valid",
                {{"module", from.name}});
      continue;
    }
    if (auto set = apply_module(module); !set) {
      log_.warn("lanes.stored_module_ignored", set.error().message, {{"module", from.name}});
    }
  }
  for (const StoredLane& from : stored.lanes) {
    Complaints complaints;
    const auto body = parse_json(from.settings);
    LaneSettings settings;
    if (body) settings = read_lane_settings(*body, {}, complaints);
    if (!body || !complaints.empty()) {
      log_.warn("lanes.stored_settings_ignored", "stored settings of a lane are not valid",
                {{"lane", from.name}});
      settings = {};
    }
    if (auto added = add_lane(from.name, settings, from.start, from.ceiling); !added) {
      log_.error("lanes.stored_lane_ignored", added.error().message, {{"lane", from.name}});
    }
  }
}

Result<void> LaneService::add_lane(const std::string& name, const LaneSettings& settings,
                                   Token start, Token ceiling) {
  GK_TRY(const LaneId id, gate_->add_lane(name, settings.options(), start));
  lanes_[name] =
      std::make_unique<LaneState>(LaneState{.name = name,
                                            .id = id,
                                            .settings = settings,
                                            .reserve = TokenReserve(ceiling, options_.token_block),
                                            .held = {},
                                            .ended_upto = {},
                                            .shares = {},
                                            .retry = {}});
  return {};
}

Result<void> LaneService::apply_module(const Module& module) {
  GK_TRY(const ActorId id, gate_->set_actor(module.name, module.options()));
  actors_[module.name] = id;
  actor_names_.resize(std::max<std::size_t>(actor_names_.size(), id.value + 1));
  actor_names_[id.value] = module.name;
  modules_[module.name] = module;
  return {};
}

LaneService::LaneState* LaneService::find(const std::string& lane) {
  const auto found = lanes_.find(lane);
  return found == lanes_.end() ? nullptr : found->second.get();
}

LaneService::LaneState* LaneService::find(LaneId id) {
  for (auto& [name, lane] : lanes_) {
    if (lane->id == id) return lane.get();
  }
  return nullptr;
}

const LaneSettings* LaneService::settings(const std::string& lane) const {
  const auto found = lanes_.find(lane);
  return found == lanes_.end() ? nullptr : &found->second->settings;
}

const Module* LaneService::module(const std::string& name) const {
  const auto found = modules_.find(name);
  return found == modules_.end() ? nullptr : &found->second;
}

std::string LaneService::actor_name(ActorId actor) const {
  return actor.value < actor_names_.size() ? actor_names_[actor.value] : "";
}

void LaneService::set_lane(const std::string& name, const LaneSettings& settings, Done done) {
  if (LaneState* lane = find(name); lane != nullptr) {
    return store_.save_lane(
        name, settings.json(), lane->reserve.confirmed(),
        [this, name, settings, done = std::move(done)](const Result<void>& stored) {
          LaneState* still = find(name);
          if (!stored) return done(stored.error());
          if (still == nullptr) return done(no_lane(name));
          const auto set = gate_->set_lane(still->id, settings.options());
          if (set) still->settings = settings;
          drain();
          notify({.kind = LaneNotice::Kind::changed, .lane = name});
          done(set);
        });
  }
  if (lanes_.size() + making_.size() >= options_.arbiter.max_lanes) {
    return done(Error{
        Errc::resource_exhausted,
        "the daemon has all of its " + std::to_string(options_.arbiter.max_lanes) + " lanes"});
  }
  if (!making_.insert(name).second) {
    return done(Error{Errc::failed_precondition, "the lane is just being made"});
  }
  const Token start = floor_, ceiling(floor_.value + options_.token_block);
  store_.save_lane(
      name, settings.json(), ceiling,
      [this, name, settings, start, ceiling, done = std::move(done)](const Result<void>& stored) {
        making_.erase(name);
        if (!stored) return done(stored.error());
        const auto added = add_lane(name, settings, start, ceiling);
        notify({.kind = LaneNotice::Kind::changed, .lane = name});
        done(added);
      });
}

void LaneService::remove_lane(const std::string& name, Done done) {
  LaneState* lane = find(name);
  if (lane == nullptr) return done(no_lane(name));
  if (auto removed = gate_->remove_lane(lane->id); !removed) return done(removed);
  const Token high = gate_->high_water(lane->id);
  floor_ = std::max(floor_, high);
  lanes_.erase(name);
  notify({.kind = LaneNotice::Kind::changed, .lane = name});
  store_.delete_lane(name, high, std::move(done));
}

void LaneService::set_module(const Module& module, Done done) {
  if (!modules_.contains(module.name) && actors_.size() >= options_.arbiter.max_actors &&
      !actors_.contains(module.name)) {
    return done(Error{Errc::resource_exhausted, "the daemon knows as many modules as it can"});
  }
  store_.save_module(module.name, module.json(),
                     [this, module, done = std::move(done)](const Result<void>& stored) {
                       if (!stored) return done(stored.error());
                       const auto set = apply_module(module);
                       drain();
                       notify({.kind = LaneNotice::Kind::changed});
                       done(set);
                     });
}

Result<void> LaneService::check_removable(const std::string& name) const {
  const Module* known = module(name);
  if (known == nullptr) return Error{Errc::not_found, "there is no module \"" + name + "\""};
  if (!known->custom) {
    return Error{Errc::failed_precondition,
                 "\"" + name + "\" is a default module, and nothing of it was changed"};
  }
  const auto waits = [&](const auto& entry) { return entry.second->actor == name; };
  const auto holds = [&](const auto& entry) {
    return entry.second->held && entry.second->held->actor == name;
  };
  if (std::any_of(waiting_.begin(), waiting_.end(), waits) ||
      std::any_of(lanes_.begin(), lanes_.end(), holds)) {
    return Error{Errc::failed_precondition,
                 "\"" + name + "\" holds a lane or waits for one; end that first"};
  }
  return {};
}

Result<void> LaneService::unset_module(const std::string& name) {
  const std::vector<Module> defaults = default_modules();
  const auto same = std::find_if(defaults.begin(), defaults.end(),
                                 [&](const Module& module) { return module.name == name; });
  if (same != defaults.end()) return apply_module(*same);
  modules_.erase(name);
  GK_TRY([[maybe_unused]] const ActorId id, gate_->set_actor(name, {}));
  return {};
}

void LaneService::remove_module(const std::string& name, Done done) {
  if (auto good = check_removable(name); !good) return done(good);
  store_.delete_module(name, [this, name, done = std::move(done)](const Result<void>& stored) {
    if (!stored) return done(stored.error());
    const auto unset = unset_module(name);
    drain();
    notify({.kind = LaneNotice::Kind::changed});
    done(unset);
  });
}

Result<ActorId> LaneService::actor_id(const std::string& name) {
  if (const auto known = actors_.find(name); known != actors_.end()) return known->second;
  if (!is_lane_name(name)) {
    return Error{Errc::invalid_argument, "an actor's name has 1 to 64 of a-z, 0-9, _ and -"};
  }
  GK_TRY(const ActorId id, gate_->actor(name));
  actors_[name] = id;
  actor_names_.resize(std::max<std::size_t>(actor_names_.size(), id.value + 1));
  actor_names_[id.value] = name;
  return id;
}

Result<WaitId> LaneService::acquire(const AcquireRequest& request, Granted granted) {
  LaneState* lane = find(request.lane);
  if (lane == nullptr) return no_lane(request.lane);
  GK_TRY(const ActorId actor, actor_id(request.actor));
  if (fences_.any()) {
    GK_CHECK_OK(fences_.check(request.actor, request.party.identities));
    fences_.note(request.actor, request.party.identities);
  }
  const WaitId id = ++last_wait_;
  const MonoTime now = clock_.mono();
  auto waiting = std::make_unique<Waiting>();
  waiting->lane = lane->id;
  waiting->actor = request.actor;
  waiting->party = request.party;
  waiting->granted = std::move(granted);
  waiting->since = now;
  waiting->deadline = now + request.timeout.value_or(lane->settings.timeout());
  waiting->lease = request.lease;
  waiting->correlation_id = request.correlation_id;
  const LaneId lane_id = lane->id;
  const auto ticket = gate_->acquire_async({.actor = actor,
                                            .lanes = {&lane_id, 1},
                                            .deadline = waiting->deadline,
                                            .owner = request.party.owner},
                                           [inbox = inbox_, id](Result<Grant> result) {
                                             Inbox::Item item;
                                             item.wait = id;
                                             item.result = std::move(result);
                                             inbox->push(std::move(item), inbox);
                                           });
  if (!ticket) {
    drain();
    return ticket.error();
  }
  waiting->ticket = *ticket;
  tickets_[ticket->value] = id;
  waiting_[id] = std::move(waiting);
  notify({.kind = LaneNotice::Kind::changed, .lane = request.lane});
  drain();
  return id;
}

void LaneService::cancel(WaitId id) {
  if (const auto found = waiting_.find(id); found != waiting_.end()) {
    (void)gate_->cancel(found->second->ticket);  // Not found: it was granted just now.
    drain();
    return;
  }
  for (auto& [name, lane] : lanes_) {
    // Granted, and its token still waits for the disk: nobody has seen it.
    if (!lane->held || lane->held->wait != id || !lane->held->granted) continue;
    const Granted waits = std::move(lane->held->granted);
    lane->held.reset();
    waits(Error{Errc::cancelled, "the request was cancelled: by_caller"});
    return drain();
  }
}

Result<LaneService::Held*> LaneService::held_by(LaneState& lane, Token token, const Party& party) {
  if (!lane.held || lane.held->grant.token() != token || lane.held->granted) return has_ended();
  const Party& owner = lane.held->party;
  const bool same =
      owner.kind == party.kind && owner.owner == party.owner && owner.user == party.user;
  if (!same && !party.admin) {
    return Error{Errc::permission_denied, "this grant is somebody else's"};
  }
  return &*lane.held;
}

Nanos LaneService::lease_left(const LaneState&, const Held& held) const {
  return std::max(Nanos(0), held.ends - clock_.mono());
}

Result<Lease> LaneService::renew(const std::string& name, Token token, const Party& party) {
  LaneState* lane = find(name);
  if (lane == nullptr) return no_lane(name);
  GK_TRY(Held * held, held_by(*lane, token, party));
  auto ends = held->grant.renew();
  drain();  // The lease may just have ended.
  if (!ends) {
    return ends.error().code == Errc::not_found ? has_ended() : std::move(ends).error();
  }
  GK_TRY(held, held_by(*lane, token, party));
  held->ends = *ends;
  if (held->lease) {
    held->ends = std::min(held->ends, clock_.mono() + *held->lease);
    held->lease_end =
        loop_.after(held->ends - clock_.mono(), [this, lane] { lose(*lane, Reason::lease); });
  }
  notify({.kind = LaneNotice::Kind::changed, .lane = name});
  return Lease{name, held->actor, held->ticket, token, lease_left(*lane, *held)};
}

Result<void> LaneService::release(const std::string& name, Token token, const Party& party) {
  LaneState* lane = find(name);
  if (lane == nullptr) return no_lane(name);
  GK_TRY([[maybe_unused]] Held * held, held_by(*lane, token, party));
  lane->ended_upto = std::max(lane->ended_upto, token);
  lane->held.reset();
  notify({.kind = LaneNotice::Kind::changed, .lane = name});
  drain();
  return {};
}

Result<bool> LaneService::may_act(const std::string& name, Token token) {
  LaneState* lane = find(name);
  if (lane == nullptr) return no_lane(name);
  // A token that waits for the disk is nobody's yet.
  const bool hidden = !lane->reserve.may_show(token);
  // Its grant may be about to end: the fence holds before that.
  const bool fenced = fences_.any() && lane->held &&
                      !fences_.check(lane->held->actor, lane->held->party.identities);
  const bool good = gate_->may_send(lane->id, token) && !hidden && !fenced;
  if (!good) stale_.inc();
  drain();
  return good;
}

Result<bool> LaneService::revoke(const std::string& name, std::string_view reason,
                                 std::string_view by) {
  LaneState* lane = find(name);
  if (lane == nullptr) return no_lane(name);
  const bool revoked = static_cast<bool>(gate_->revoke(lane->id));
  if (revoked) {
    log_.warn("lanes.revoked", "a lane was taken from its holder",
              {{"lane", name}, {"reason", reason}, {"by", by}});
  }
  drain();
  return revoked;
}

void LaneService::drop(OwnerId owner) {
  gate_->drop_owner(owner);
  drain();
  // The gate may have decided on another thread and not said it yet, and whoever drains further up
  // goes on when we return. After this nobody calls the owner, who may be gone by then.
  const Error gone{Errc::cancelled, "its owner has gone"};
  std::vector<WaitId> open;
  for (const auto& [id, waiting] : waiting_) {
    if (waiting->party.owner == owner) open.push_back(id);
  }
  for (const WaitId id : open) {
    if (waiting_.contains(id)) on_refused(id, gone);
  }
  std::vector<Granted> undelivered;
  for (const auto& [name, lane] : lanes_) {
    if (!lane->held || lane->held->party.owner != owner || !lane->held->granted) continue;
    undelivered.push_back(std::exchange(lane->held->granted, nullptr));
  }
  for (const Granted& granted : undelivered) granted(gone);
}

void LaneService::notify(LaneNotice notice) { notices_.publish(notice); }

}  // namespace gk::arbiter
