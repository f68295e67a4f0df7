#include "server/notice_room.h"

#include "accounts/audit.h"
#include "accounts/key_file.h"
#include "accounts/rules/subkey.h"
#include "base/try.h"
#include "sys/host_names.h"
#include "sys/paths.h"

namespace gk::server {
namespace {

notices::NotifierOptions notifier_options(const RoomsContext& context) {
  notices::NotifierOptions options;
  options.program = sys::helper_path("gamekeeper-notify");
  options.allow_private = context.config.notices_allow_private;
  options.ca_file = context.config.notices_ca_file;
  return options;
}

Result<notices::NoticeOptions> service_options(const RoomsContext& context) {
  notices::NoticeOptions options;
  for (const std::string& text : context.config.notices_allow_private) {
    auto network = notices::Network::parse(text);
    if (!network) {
      return Error{Errc::invalid_argument, "notices.allow_private: " + network.error().message};
    }
    options.allow_private.push_back(*network);
  }
  const auto names = sys::own_host_names();
  options.source = "/gamekeeper/" + (names.empty() ? std::string("localhost") : names.back());
  return options;
}

// The same file that seals authenticator secrets, with a key of our own derived from it.
Result<notices::SecretBox> secret_box(const RoomsContext& context) {
  GK_TRY(const auto master, accounts::load_or_make_key(context.data_dir + "/accounts.key",
                                                       context.random, context.log));
  const auto key = accounts::subkey(master, "notices receivers v1");
  return notices::SecretBox{
      [key, &random = context.random](const std::string& secret) {
        return accounts::seal(key, secret, random);
      },
      [key](const std::vector<std::uint8_t>& sealed) { return accounts::unseal(key, sealed); }};
}

notices::AuditHook audit_in(const RoomsContext& context) {
  return [&clock = context.clock, &log = context.log](
             store::Database& db, const notices::ReceiverAct& act) -> Result<void> {
    accounts::AuditRow row;
    row.at_us = clock.wall().time_since_epoch().count();
    row.actor_id = act.author.user_id;
    row.actor = act.author.name;
    row.action = act.action;
    row.target = act.receiver;
    row.before = act.before;
    row.after = act.after;
    row.correlation_id = act.author.correlation_id;
    GK_TRY(const accounts::AuditHead head, accounts::append_audit(db, row));
    accounts::log_audit_head(log, row, head);
    return {};
  };
}

notices::Cancellation cancellation_of(const macros::CancellationEvent& e) {
  return {.id = e.id,
          .macro_id = e.macro_id,
          .macro_name = e.macro_name,
          .reason = e.reason,
          .rule = e.rule,
          .session_id = e.session_id,
          .cpu_usage = e.metrics.cpu_usage,
          .memory_usage = e.metrics.memory_usage,
          .fps = e.metrics.fps,
          .latency = e.metrics.latency,
          .response_time = e.metrics.response_time,
          .at = e.timestamp};
}

}  // namespace

NoticeRoom::NoticeRoom(const RoomsContext& context, store::Writer& state)
    : loop_(context.loop),
      store_(state, context.loop),
      notifier_(notifier_options(context), context.loop, context.clock, context.log,
                context.metrics) {}

Result<std::unique_ptr<NoticeRoom>> NoticeRoom::create(const RoomsContext& context,
                                                       store::Writer& state,
                                                       macros::MacroService& macros) {
  GK_TRY(auto options, service_options(context));
  GK_TRY(auto secrets, secret_box(context));
  std::unique_ptr<NoticeRoom> room(new NoticeRoom(context, state));
  room->store_.record_in(audit_in(context));
  room->service_ = std::make_unique<notices::NoticeService>(
      std::move(options), context.loop, context.clock, context.random, context.log, context.metrics,
      room->store_, room->notifier_, std::move(secrets));
  GK_TRY(auto stored, room->store_.load());
  room->service_->restore(std::move(stored));
  room->watch(macros);
  return room;
}

// Told in the loop's next round: a cancellation waits for nothing here.
void NoticeRoom::watch(macros::MacroService& macros) {
  cancelled_ = macros.cancelled().subscribe([this](const macros::CancellationEvent& event) {
    if (event.outcome == macros::Outcome::watched) return;
    loop_.post([this, event] {
      std::vector<notices::ReceiverKind> except;
      if (!event.discord_notify) except = {notices::ReceiverKind::discord};
      service_->tell(notices::cancellation_notice(cancellation_of(event)), except);
    });
  });
}

void NoticeRoom::connect(api::Hub& hub, api::Router& router, games::Port& games,
                         ScriptRoom& scripts) {
  topics_ = std::make_unique<notices::NoticeTopics>(hub, *service_);
  notices::add_notice_routes(router, *service_);
  service_->set_game_sender([&games](const std::string& game, const std::string& command,
                                     const std::function<void(Result<void>)>& done) {
    games.send({.game = game, .command = command, .sender = "gamekeeper", .actor = "notices"},
               [done](const Result<games::SendReply>& reply) {
                 done(reply ? Result<void>() : Result<void>(reply.error()));
               });
  });
  told_ = scripts.notices().subscribe([this](const macros::ScriptNotice& notice) {
    tell_from_macro(notice.macro_id, notice.text);
  });
}

void NoticeRoom::tell_from_macro(const std::string& macro_id, const std::string& text) {
  notices::Notice notice;
  notice.kind = "macro.notify";
  notice.title = "Macro " + macro_id;
  notice.text = text;
  notice.subject = macro_id;
  service_->tell(std::move(notice));
}

monitor::CheckOutcome NoticeRoom::health() const {
  using Health = notices::NotifierProcess::Health;
  switch (notifier_.health()) {
    case Health::ok: return {monitor::HealthStatus::ok, "notices can be sent"};
    case Health::absent:
      return {monitor::HealthStatus::degraded,
              "gamekeeper-notify is not installed: no webhook is told"};
    case Health::failing: break;
  }
  return {monitor::HealthStatus::degraded,
          "gamekeeper-notify does not stay up: notices wait in the outbox"};
}

}  // namespace gk::server
