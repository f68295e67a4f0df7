#include "server/privacy_room.h"

#include "base/json_writer.h"
#include "base/try.h"
#include "monitor/loop_driver.h"
#include "monitor/monitor_json.h"
#include "server/audit_rows.h"
#include "server/recordings.h"

namespace gk::server {
namespace {

privacy::PlayerDataHook referee_hook(referee::RefereeService& service) {
  return {.name = "referee",
          .export_data = [&service](const std::string& player,
                                    auto done) { service.export_player(player, std::move(done)); },
          .erase = [&service](const std::string& player,
                              auto done) { service.delete_player(player, std::move(done)); }};
}

std::string series_text(const std::vector<monitor::SavedSeries>& all) {
  std::string out;
  JsonWriter w(out);
  w.begin_array();
  for (const auto& series : all) {
    w.begin_object().field("name", series.key.name).field("unit", series.unit);
    w.key("aggregates").begin_array();
    for (const auto& item : series.aggregates) monitor::write_aggregate(w, item);
    w.end_array().key("samples").begin_array();
    for (const auto& sample : series.raw) {
      w.begin_object().field("at", sample.at).field("value", sample.value).end_object();
    }
    w.end_array().end_object();
  }
  w.end_array();
  return out;
}

privacy::PlayerDataHook series_hook(monitor::Monitor& monitor) {
  return {.name = "series",
          .export_data =
              [&monitor](const std::string& player, auto done) {
                monitor.export_subject(
                    player, [done](const Result<std::vector<monitor::SavedSeries>>& all) {
                      if (!all) return done(all.error());
                      done(series_text(*all));
                    });
              },
          .erase = [&monitor](const std::string& player,
                              auto done) { monitor.erase_subject(player, std::move(done)); }};
}

/// Traces below <data>/movement. Files are read and rewritten on the pool.
privacy::PlayerDataHook recordings_hook(const std::string& folder, WorkerPool& pool,
                                        monitor::Monitor::Post post,
                                        referee::RefereeService& service) {
  const auto export_data = [folder, &pool, post](const std::string& player, auto done) {
    auto queued = pool.post([folder, player, post, done] {
      auto found = std::make_shared<Result<std::string>>(recordings_of(folder, player));
      post([found, done] { done(std::move(*found)); });
    });
    if (!queued) done(queued.error());
  };
  const auto erase = [folder, &pool, post, &service](const std::string& player, auto done) {
    service.ask<bool>(
        [](referee::Bench& bench, referee::Now) { return bench.judge.recorder().running(); },
        [folder, player, &pool, post, done](const Result<bool>& running) {
          if (!running) return done(running.error());
          if (*running) {
            return done(Error{Errc::failed_precondition,
                              "a recording runs; stop it (movement/recording/stop) first"});
          }
          auto queued = pool.post([folder, player, post, done] {
            auto erased = std::make_shared<Result<void>>(erase_from_recordings(folder, player));
            post([erased, done] { done(std::move(*erased)); });
          });
          if (!queued) done(queued.error());
        });
  };
  return {.name = "recordings", .export_data = export_data, .erase = erase};
}

}  // namespace

PrivacyRoom::PrivacyRoom(const RoomsContext& context, store::Writer& state,
                         const privacy::Pseudonyms& pseudonyms)
    : context_(context), state_(state), pseudonyms_(pseudonyms), players_(context.clock) {}

Result<std::unique_ptr<PrivacyRoom>> PrivacyRoom::create(const RoomsContext& context,
                                                         store::Writer& state, WorkerPool& pool,
                                                         monitor::Monitor& monitor,
                                                         referee::RefereeService& referee) {
  GK_TRY(const auto pseudonyms, privacy::Pseudonyms::load(state, context.random));
  std::unique_ptr<PrivacyRoom> room(new PrivacyRoom(context, state, pseudonyms));
  GK_CHECK_OK(room->players_.add(referee_hook(referee)));
  GK_CHECK_OK(room->players_.add(series_hook(monitor)));
  GK_CHECK_OK(room->players_.add(recordings_hook(context.data_dir + "/movement", pool,
                                                 monitor::post_to(context.loop), referee)));
  return room;
}

void PrivacyRoom::connect(api::Router& router) {
  privacy::add_player_routes(
      router, players_, pseudonyms_,
      [this](privacy::AuditNote note, std::function<void(Result<void>)> done) {
        add_audit_row(
            context_, state_, *note.by,
            {.action = note.action, .target = note.target, .correlation_id = note.correlation_id},
            std::move(done));
      },
      context_.log, context_.clock);
}

}  // namespace gk::server
