#include "server/session_room.h"

#include "base/try.h"

namespace gk::server {
namespace {

constexpr Seconds kBooks{30};  // Source: chosen; what a crash takes from a session's time at most

}  // namespace

/// Lets sessions start and end macros. The rooms do not include each other's services.
class SessionRoom::Macros final : public sessions::MacroPort {
 public:
  Macros(macros::MacroService& service, std::function<bool(std::string_view)> in_library)
      : service_(service), in_library_(std::move(in_library)) {
    notices_ = service_.notices().subscribe([this](const macros::MacroNotice& notice) {
      if (notice.kind == macros::MacroNotice::Kind::ended) ended_.publish({notice.macro_id});
    });
    cancellations_ = service_.cancelled().subscribe([this](const macros::CancellationEvent& event) {
      if (event.outcome == macros::Outcome::watched) return;
      cancelled_.publish({event.macro_id, event.session_id, event.reason});
    });
  }

  void start(sessions::MacroStart start, std::function<void(Result<std::string>)> done) override {
    macros::StartRequest request;
    request.macro_id = std::move(start.macro_id);
    request.macro_name = std::move(start.macro_name);
    request.profile = std::move(start.profile);
    if (!start.safety_level.empty()) {
      request.safety_level = macros::parse_level(start.safety_level);
    }
    request.script = std::move(start.script);
    if (request.script.empty() && in_library_(start.base_id)) request.script = start.base_id;
    request.game = std::move(start.game);
    request.args_json = std::move(start.args_json);
    request.session_id = std::move(start.session_id);
    request.is_admin = start.is_admin;
    request.role = std::move(start.role);
    request.any_game = start.any_game;
    request.by = std::move(start.by);
    request.correlation_id = std::move(start.correlation_id);
    service_.start(std::move(request), std::move(done));
  }
  Result<void> stop(std::string_view macro_id, const std::string& by,
                    std::function<void(bool gone)> done) override {
    return service_.stop(macro_id, std::move(done), by);
  }
  Result<void> pause(std::string_view macro_id, const std::string& reason) override {
    return service_.pause(macro_id, reason);
  }
  Result<void> resume(std::string_view macro_id) override { return service_.resume(macro_id); }
  std::size_t stop_all(const std::string& reason) override {
    service_.emergency_stop_signal();
    return service_.stop_all(reason);
  }
  Topic<sessions::MacroEnded>& ended() override { return ended_; }
  Topic<sessions::MacroCancelled>& cancelled() override { return cancelled_; }

 private:
  macros::MacroService& service_;
  const std::function<bool(std::string_view)> in_library_;
  Topic<sessions::MacroEnded> ended_;
  Topic<sessions::MacroCancelled> cancelled_;
  Topic<macros::MacroNotice>::Subscription notices_;
  Topic<macros::CancellationEvent>::Subscription cancellations_;
};

namespace {

std::string diagnostics_json(const monitor::Health& health, const macros::MacroService& macros) {
  std::string out;
  JsonWriter w(out);
  w.begin_object().key("health").raw(health.full_json());
  w.key("macros").raw(macros.status_json()).end_object();
  return out;
}

}  // namespace

SessionRoom::SessionRoom(const RoomsContext& context, store::Writer& state,
                         macros::MacroService& macros, monitor::Health& health,
                         InLibrary in_library)
    : store_(state, context.loop, context.clock),
      macros_(std::make_unique<Macros>(macros, std::move(in_library))) {
  sessions_ = std::make_unique<sessions::SessionService>(sessions::SessionOptions{}, context.clock,
                                                         context.random, context.log,
                                                         context.metrics, *macros_, store_);
  using Done = sessions::CommandActions::Done;
  sessions::CommandActions actions;
  actions.diagnostics = [&health, &macros](const Done& done) {
    const auto asked =
        health.when_fresh([&health, &macros, done] { done(diagnostics_json(health, macros)); });
    if (!asked) done(asked.error());
  };
  actions.reload_config = [this](const Done& done) {
    if (reload_) return reload_(done);
    done(Error{Errc::unavailable,
               "this daemon cannot read its configuration again while it runs; restart it"});
  };
  commands_ = std::make_unique<sessions::CommandService>(
      sessions::CommandOptions{}, std::move(actions), context.clock, context.random, context.log,
      context.metrics, *macros_, *sessions_, store_);
}

SessionRoom::~SessionRoom() = default;

Result<std::unique_ptr<SessionRoom>> SessionRoom::create(const RoomsContext& context,
                                                         store::Writer& state,
                                                         macros::MacroService& macros,
                                                         monitor::Health& health,
                                                         InLibrary in_library) {
  std::unique_ptr<SessionRoom> room(
      new SessionRoom(context, state, macros, health, std::move(in_library)));
  GK_TRY(const auto stored, room->store_.load());
  room->sessions_->restore(stored);
  room->commands_->restore(stored);
  room->books_ =
      context.loop.every(kBooks, [&sessions = *room->sessions_] { sessions.keep_books(); });
  return room;
}

void SessionRoom::connect(api::Hub& hub, api::Router& router) {
  topics_ = std::make_unique<sessions::SessionTopics>(hub, *sessions_, *commands_);
  sessions::add_session_routes(router, *sessions_, *commands_);
}

}  // namespace gk::server
