#include "server/referee_room.h"

#include <unistd.h>

#include <charconv>
#include <filesystem>

#include "base/try.h"

namespace gk::server {
namespace {

/// Memory forgets at the next start. Source: chosen; retention is counted in days.
constexpr auto kRetentionEvery = std::chrono::hours(24);
constexpr unsigned kSocketMode = 0660;  // Source: referee specification, Service.

referee::IngestOptions ingest_options(const Config& config) {
  referee::IngestOptions options;
  options.own_uid = ::geteuid();
  for (const std::string& text : config.referee_allow_uids) {
    unsigned uid = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), uid);
    // config_complaints.h: a number, or the daemon did not start.
    if (parsed.ec == std::errc() && parsed.ptr == text.data() + text.size())
      options.allowed_uids.push_back(uid);
  }
  return options;
}

}  // namespace

RefereeRoom::RefereeRoom(const RoomsContext& context, store::Writer& state)
    : context_(context),
      store_(state, context.loop, context.clock, context.metrics,
             std::chrono::duration_cast<Nanos>(
                 std::chrono::duration<double, std::milli>(context.config.store_flush_ms))),
      judge_({.max_players = static_cast<std::uint32_t>(context.config.referee_max_players)},
             context.metrics),
      ingest_(judge_, context.random, context.metrics, ingest_options(context.config)) {
  // The closures run on the loop, which ends before this does.
  thread_ = std::make_unique<referee::IngestThread>(
      referee::IngestThreadOptions{}, context.clock, judge_, ingest_,
      [this, &loop = context.loop](referee::Digest digest) {
        // Shared: std::function needs a copyable closure.
        auto kept = std::make_shared<referee::Digest>(std::move(digest));
        loop.post([this, kept] {
          thread_->digest_done();
          service_->take(std::move(*kept));
        });
      });
  service_ = std::make_unique<referee::RefereeService>(
      referee::ServiceContext{.loop = context.loop,
                              .clock = context.clock,
                              .random = context.random,
                              .log = context.log,
                              .metrics = context.metrics,
                              .store = store_,
                              .data_dir = context.data_dir},
      *thread_);
}

RefereeRoom::~RefereeRoom() {
  thread_->stop();  // Its tasks touch what the members below it own.
  judge_.learn_all(service_->now());
  service_->take(judge_.take_digest());
  std::error_code ignored;
  if (!unix_path_.empty()) std::filesystem::remove(unix_path_, ignored);
}

Result<std::unique_ptr<RefereeRoom>> RefereeRoom::create(const RoomsContext& context,
                                                         store::Writer& state) {
  std::unique_ptr<RefereeRoom> room(new RefereeRoom(context, state));
  if (const double days = context.config.retention_player_days; days > 0) {
    const Micros kept =
        std::chrono::duration_cast<Micros>(std::chrono::duration<double, std::ratio<86'400>>(days));
    GK_CHECK_OK(state.run(referee::RefereeStore::forget_before(context.clock.wall() - kept)));
    room->retention_tick_ = context.loop.every(kRetentionEvery, [&context, &state, kept] {
      (void)state.submit(referee::RefereeStore::forget_before(context.clock.wall() - kept));
    });
  }
  GK_TRY(auto stored, room->store_.load());
  referee::Bench bench{room->judge_, room->ingest_};
  if (auto restored = room->service_->restore(std::move(stored), bench); !restored) {
    context.log.warn("referee.options_invalid",
                     "the stored options do not hold any more; the defaults do",
                     {{"error", restored.error().message}});
  }
  GK_CHECK_OK(room->open_sockets());
  GK_CHECK_OK(room->thread_->start());
  return room;
}

Result<void> RefereeRoom::open_sockets() {
  const Config& config = context_.config;
  if (config.referee_unix_socket) {
    const std::string path = context_.data_dir + "/movement.sock";
    GK_TRY(auto socket, sys::DatagramSocket::open_unix(path, kSocketMode));
    thread_->add_unix(std::move(socket));
    unix_path_ = path;
  }
  if (!config.referee_udp_listen.empty()) {
    GK_TRY(auto socket, sys::DatagramSocket::open_udp(config.referee_udp_listen));
    context_.log.info("referee.udp", "game servers may send movements over UDP",
                      {{"address", socket.address()}});
    thread_->add_udp(std::move(socket));
  }
  return {};
}

void RefereeRoom::connect(api::Hub& hub, api::Router& router, WorkerPool& pool) {
  topics_ = std::make_unique<referee::MovementTopics>(hub, *service_);
  referee::add_referee_routes(
      router, *service_, pool,
      [&loop = context_.loop](std::function<void()> task) { loop.post(std::move(task)); });
}

}  // namespace gk::server
