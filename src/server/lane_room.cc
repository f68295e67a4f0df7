#include "server/lane_room.h"

#include <unistd.h>

#include "arbiter/service/lane_identity.h"
#include "base/try.h"
#include "sys/paths.h"

namespace gk::server {

LaneRoom::LaneRoom(const RoomsContext& context, store::Writer& state)
    : loop_(context.loop), clock_(context.clock), log_(context.log), store_(state, context.loop) {}

LaneRoom::~LaneRoom() = default;

Result<std::unique_ptr<LaneRoom>> LaneRoom::create(const RoomsContext& context,
                                                   store::Writer& state) {
  std::unique_ptr<LaneRoom> room(new LaneRoom(context, state));
  const arbiter::LaneServiceOptions options;
  GK_TRY(const auto stored, room->store_.load(options.first_lane, options.token_block));
  GK_TRY(room->service_,
         arbiter::LaneService::create(options, context.loop, context.clock, context.log,
                                      context.metrics, room->store_, stored));
  arbiter::LaneSocketOptions socket;
  socket.own_uid = ::geteuid();
  GK_TRY(room->socket_,
         arbiter::LaneSocket::create(socket, sys::lanes_socket_path(context.data_dir), context.loop,
                                     context.log, context.metrics, *room->service_));
  return room;
}

void LaneRoom::connect(api::Hub& hub, api::Router& router) {
  topics_ = std::make_unique<arbiter::LaneTopics>(hub, *service_, loop_, clock_);
  arbiter::add_lane_routes(router, *service_);
}

sys::Fd LaneRoom::connect_macro(const std::string& macro_id, const std::string& program) {
  auto end = socket_->connect_child(macro_id, program);
  if (end) return std::move(*end);
  log_.warn("lanes.macro_not_connected", end.error().message, {{"macro_id", macro_id}});
  return {};
}

namespace {

std::vector<std::string> callers_of(std::optional<int> pid, const std::string& token) {
  std::vector<std::string> out;
  if (pid) out.push_back(arbiter::process_identity(*pid));
  if (!token.empty()) out.push_back(arbiter::token_identity(token));
  return out;
}

}  // namespace

// A macro that is stopped is refused the lanes of its name, and with it whoever else uses that.
Result<void> LaneRoom::may_take_name(const macros::StartRequest& request) const {
  const std::string& name = request.macro_id;
  if (service_->module(name) != nullptr) {
    return Error{Errc::already_exists,
                 "macro_id: \"" + name +
                     "\" is a module of the lanes; expected another name, or macros:admin"};
  }
  auto callers = callers_of(request.caller_pid, request.caller_token);
  if (request.pid) callers.push_back(arbiter::process_identity(*request.pid));
  if (!service_->is_used_by_others(name, callers)) return {};
  return Error{Errc::already_exists, "macro_id: somebody else uses lanes as \"" + name +
                                         "\"; expected another name, or macros:admin"};
}

void LaneRoom::on_entry(const macros::MacroEntry& entry) {
  if (entry.kind == macros::MacroEntry::Kind::failed) {
    return service_->take_back_macro(entry.macro_id);
  }
  service_->enter_macro(entry.macro_id, entry.pid ? arbiter::process_identity(*entry.pid) : "",
                        callers_of(entry.caller_pid, entry.caller_token));
}

void LaneRoom::on_fence(const macros::MacroFence& fence) {
  using Kind = macros::Ending::Kind;
  // The connection first: it is marked without memory, and an external macro has none.
  socket_->fence_child(fence.macro_id);
  if (fence.kind == Kind::ended) return;
  const bool stopped = fence.kind == Kind::stopped;
  service_->fence_macro(fence.macro_id,
                        stopped ? arbiter::FenceReach::name : arbiter::FenceReach::program);
}

void LaneRoom::prepare_to_stop() { service_->shutdown(); }

}  // namespace gk::server
