// arbiter.cc: gk::Arbiter and gk::Grant, which are Gate with the system's clock.

#include "gamekeeper/arbiter.h"

#include <utility>

#include "arbiter/gate.h"
#include "base/clock.h"

namespace gk {

Grant::Grant(Grant&& other) noexcept
    : gate_(std::exchange(other.gate_, nullptr)),
      lane_(other.lane_),
      token_(other.token_),
      share_(other.share_),
      actor_(other.actor_),
      start_(other.start_) {}

Grant& Grant::operator=(Grant&& other) noexcept {
  if (this == &other) return *this;
  release();
  gate_ = std::exchange(other.gate_, nullptr);
  lane_ = other.lane_;
  token_ = other.token_;
  share_ = other.share_;
  actor_ = other.actor_;
  start_ = other.start_;
  return *this;
}

void Grant::release() {
  if (gate_ != nullptr) std::exchange(gate_, nullptr)->release(*this);
}

namespace {
Error empty_grant() { return {Errc::not_found, "the grant has been released"}; }
}  // namespace

Result<Grant> Grant::sub() { return gate_ != nullptr ? gate_->sub(*this) : empty_grant(); }

Result<MonoTime> Grant::renew() { return gate_ != nullptr ? gate_->renew(*this) : empty_grant(); }

Result<void> Grant::send(std::span<const std::byte> bytes) {
  return gate_ != nullptr ? gate_->send(lane_, token_, bytes) : empty_grant();
}

struct Arbiter::SystemParts {
  SystemClock clock;
};

Arbiter::Arbiter(std::unique_ptr<SystemParts> parts, std::unique_ptr<arbiter::Gate> gate)
    : parts_(std::move(parts)), gate_(std::move(gate)) {}

Arbiter::~Arbiter() = default;

Result<std::unique_ptr<Arbiter>> Arbiter::create(const ArbiterOptions& options) {
  auto parts = std::make_unique<SystemParts>();
  auto gate = arbiter::Gate::create(options, parts->clock);
  if (!gate) return std::move(gate).error();
  return std::unique_ptr<Arbiter>(new Arbiter(std::move(parts), std::move(*gate)));
}

Result<LaneId> Arbiter::add_lane(std::string_view name, const LaneOptions& options,
                                 Token high_water) {
  return gate_->add_lane(name, options, high_water);
}
Result<void> Arbiter::set_lane(LaneId lane, const LaneOptions& options) {
  return gate_->set_lane(lane, options);
}
Result<void> Arbiter::set_sink(LaneId lane, Sink sink) {
  return gate_->set_sink(lane, std::move(sink));
}
Result<ActorId> Arbiter::set_actor(std::string_view name, const ActorOptions& options) {
  return gate_->set_actor(name, options);
}
Result<ActorId> Arbiter::actor(std::string_view name) { return gate_->actor(name); }
Result<LaneId> Arbiter::lane(std::string_view name) const { return gate_->lane(name); }

Result<Grant> Arbiter::acquire(LaneId lane, ActorId actor) {
  return gate_->acquire_with_timeout(lane, actor, gate_->options().wait_timeout);
}
Result<Grant> Arbiter::acquire(LaneId lane, ActorId actor, MonoTime deadline) {
  return gate_->acquire(lane, actor, deadline);
}
Result<std::vector<Grant>> Arbiter::acquire_all(std::span<const LaneId> lanes, ActorId actor,
                                                MonoTime deadline) {
  return gate_->acquire_all(lanes, actor, deadline);
}
Result<Grant> Arbiter::acquire_nested(const Grant& parent, LaneId lane, MonoTime deadline) {
  return gate_->acquire_nested(parent, lane, deadline);
}
std::optional<Grant> Arbiter::try_acquire(LaneId lane, ActorId actor) {
  return gate_->try_acquire(lane, actor);
}
Result<TicketId> Arbiter::acquire_async(LaneId lane, ActorId actor, MonoTime deadline,
                                        Callback callback) {
  return gate_->acquire_async({.actor = actor, .lanes = {&lane, 1}, .deadline = deadline},
                              std::move(callback));
}
Result<void> Arbiter::cancel(TicketId ticket) { return gate_->cancel(ticket); }
Result<void> Arbiter::revoke(LaneId lane) { return gate_->revoke(lane); }
Result<void> Arbiter::send(LaneId lane, Token token, std::span<const std::byte> bytes) {
  return gate_->send(lane, token, bytes);
}
LaneStatus Arbiter::status(LaneId lane) const { return gate_->status(lane); }
Result<LaneStatus> Arbiter::find_status(LaneId lane) const {
  if (!gate_->has_lane(lane)) return Error{Errc::not_found, "no such lane"};
  return gate_->status(lane);
}
std::vector<WaitingStatus> Arbiter::queue(LaneId lane) { return gate_->queue(lane); }
Token Arbiter::high_water(LaneId lane) const { return gate_->high_water(lane); }
MonoTime Arbiter::mono_now() const { return gate_->now(); }

std::vector<std::string> Arbiter::trace() const {
  std::vector<std::string> lines;
  for (const arbiter::TraceRecord& record : gate_->trace()) lines.push_back(to_text(record));
  return lines;
}

}  // namespace gk
