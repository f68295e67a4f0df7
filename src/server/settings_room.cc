#include "server/settings_room.h"

#include "accounts/audit.h"
#include "base/try.h"
#include "monitor/loop_driver.h"
#include "server/macro_room.h"
#include "sys/files.h"
#include "sys/host_names.h"

namespace gk::server {
namespace {

/// An editor writes in several steps. Source: chosen.
constexpr Millis kSettle{100};

settings::AuditHook audit_in(const RoomsContext& context) {
  return [&log = context.log](store::Database& db, const settings::Revision& r) -> Result<void> {
    if (r.author.cause == "start" && r.changes.empty()) return {};  // Nobody changed anything.
    accounts::AuditRow row;
    row.at_us = r.at.time_since_epoch().count();
    row.actor_id = r.author.user_id;
    row.actor = r.author.name;
    row.action = "config." + r.author.cause;
    row.target = "revision " + std::to_string(r.id);
    row.after = settings::changes_json(r.changes);
    row.correlation_id = r.author.correlation_id;
    GK_TRY(const accounts::AuditHead head, accounts::append_audit(db, row));
    accounts::log_audit_head(log, row, head);
    return {};
  };
}

std::vector<settings::Described> described_keys() {
  std::vector<settings::Described> out;
  for (SettingText& s : setting_texts()) {
    out.push_back({std::move(s.key), std::move(s.type), std::move(s.fallback), std::move(s.range),
                   std::move(s.meaning), s.live});
  }
  return out;
}

}  // namespace

std::vector<std::string> allowed_hosts(const Config& config) {
  auto hosts = sys::own_host_names();
  hosts.insert(hosts.end(), config.allow_hosts.begin(), config.allow_hosts.end());
  return hosts;
}

/// The keys of config.cc, and who follows a change of them.
class SettingsRoom::Keys final : public settings::Schema {
 public:
  Keys(std::function<ConfigOutcome(std::string_view)> parse, FileLog& log,
       monitor::Monitor& monitor)
      : parse_(std::move(parse)), log_(log), monitor_(monitor), texts_(setting_texts()) {}

  void set_router(api::Router& router) { router_ = &router; }
  void set_macros(macros::MacroService* macros) { macros_ = macros; }

  settings::Checked check(std::string_view text) const override {
    const ConfigOutcome outcome = parse_(text);
    settings::Checked out;
    for (const ConfigComplaint& c : outcome.complaints) {
      out.complaints.push_back({c.file, c.line, c.key, c.message});
    }
    const auto values = config_values(outcome.config);
    for (std::size_t i = 0; i < values.size(); ++i) {
      out.values.push_back({values[i].first, values[i].second, texts_[i].live});
    }
    return out;
  }

  void apply(std::string_view text) override {
    const Config config = parse_(text).config;
    log_.set_levels(config.log_requests ? LogLevel::debug : LogLevel::info, config.log_level,
                    config.log_format);
    if (router_ != nullptr) router_->set_sources(allowed_hosts(config), config.allow_origins);
    const auto interval =
        std::chrono::duration_cast<Nanos>(std::chrono::duration<double>(config.monitor_interval_s));
    if (const auto set = monitor_.set_interval(interval); !set) {
      log_.warn("config.apply_failed", set.error().message, {{"key", "monitor.interval_s"}});
    }
    if (macros_ != nullptr) macros_->set_culprit(culprit_settings(config));
  }

  std::string json_schema() const override { return config_json_schema(); }

 private:
  const std::function<ConfigOutcome(std::string_view)> parse_;
  FileLog& log_;
  monitor::Monitor& monitor_;
  const std::vector<SettingText> texts_;
  api::Router* router_ = nullptr;
  macros::MacroService* macros_ = nullptr;  // Borrowed.
};

SettingsRoom::SettingsRoom(const RoomsContext& context, store::Writer& state, WorkerPool& pool,
                           monitor::Monitor& monitor)
    : context_(context),
      status_(std::make_shared<Status>()),
      keys_(std::make_unique<Keys>(context.parse_config, context.log, monitor)),
      store_(state, context.loop, audit_in(context)),
      service_(std::make_unique<settings::SettingsService>(
          settings::SettingsOptions{.file = context.config_file}, context.config_text, *keys_,
          store_, pool, monitor::post_to(context.loop), context.clock, context.log,
          context.metrics)) {
  changed_ =
      service_->changed().subscribe([this](const settings::ConfigChanged&) { note_status(); });
}

SettingsRoom::~SettingsRoom() = default;

void SettingsRoom::set_macros(macros::MacroService* macros) { keys_->set_macros(macros); }

Result<std::unique_ptr<SettingsRoom>> SettingsRoom::create(const RoomsContext& context,
                                                           store::Writer& state, WorkerPool& pool,
                                                           monitor::Monitor& monitor) {
  std::unique_ptr<SettingsRoom> room(new SettingsRoom(context, state, pool, monitor));
  GK_CHECK_OK(room->service_->restore());
  room->note_status();
  if (!context.config_file.empty()) room->watch_file();
  return room;
}

/// Without the watch the file is read on SIGHUP and by POST: no reason not to start.
void SettingsRoom::watch_file() {
  const std::string file = service_->file();
  auto watch = sys::DirWatch::open(sys::parent_dir(file));
  if (!watch) {
    context_.log.warn("config.watch_failed", watch.error().message);
    return;
  }
  folder_.emplace(std::move(*watch));
  const std::string name = file.substr(file.rfind('/') + 1);
  folder_watch_ = context_.loop.watch_readable(folder_->fd(), [this, name] {
    bool ours = false;
    for (const auto& change : folder_->changed()) {
      ours = ours || (!change.gone && (change.name == name || change.name.empty()));
    }
    if (!ours) return;
    settle_ = context_.loop.after(kSettle, [this] { reload("file", "file", nullptr); });
  });
}

void SettingsRoom::connect(api::Hub& hub, api::Router& router) {
  keys_->set_router(router);
  topics_ = std::make_unique<settings::SettingsTopics>(hub, *service_);
  settings::add_settings_routes(router, *service_, described_keys());
}

void SettingsRoom::reload(std::string by, std::string cause, settings::SettingsService::Done done) {
  service_->reload({.name = std::move(by), .cause = std::move(cause)},
                   [this, done = std::move(done)](const settings::Outcome& outcome) {
                     note_status();
                     if (done) done(outcome);
                   });
}

void SettingsRoom::reload_for_command(std::function<void(Result<std::string>)> done) {
  reload("command", "command", [done = std::move(done)](const settings::Outcome& outcome) {
    using Kind = settings::Outcome::Kind;
    if (outcome.kind == Kind::failed) return done(outcome.error);
    if (outcome.kind == Kind::invalid) {
      return done(Error{Errc::invalid_argument, settings::text_of(outcome.complaints)});
    }
    done(settings::outcome_json(outcome));
  });
}

void SettingsRoom::note_status() {
  status_->revision = service_->revision();
  status_->complaints = service_->complaints().size();
  status_->waiting = service_->restart_required().size();
}

std::function<monitor::CheckOutcome()> SettingsRoom::health() const {
  return [status = status_]() -> monitor::CheckOutcome {
    const std::string holds = "revision " + std::to_string(status->revision.load());
    if (const std::size_t wrong = status->complaints.load(); wrong > 0) {
      return {monitor::HealthStatus::degraded, "the file is wrong in " + std::to_string(wrong) +
                                                   (wrong == 1 ? " place" : " places") +
                                                   " (gamekeeper config check); " + holds +
                                                   " holds"};
    }
    const std::size_t waiting = status->waiting.load();
    const std::string later =
        waiting == 0 ? ""
                     : "; " + std::to_string(waiting) +
                           (waiting == 1 ? " setting waits" : " settings wait") + " for a restart";
    return {monitor::HealthStatus::ok, "valid, " + holds + later};
  };
}

}  // namespace gk::server
