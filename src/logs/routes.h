// routes.h: /logs, the story of a request, and the live tail as topic log:line.

#pragma once

#include <functional>
#include <memory>
#include <string>

#include "api/hub.h"
#include "api/router.h"
#include "base/worker_pool.h"
#include "logs/log_reader.h"
#include "net/loop.h"

namespace gk::logs {

struct LogRouteOptions {
  std::string file;              ///< The newest file of the log.
  Millis tail_every{1'000};      ///< While anybody listens. Source: FileLog flushes within a second
  std::size_t tail_lines = 200;  ///< Each time; more are counted and left out.
};

/// Thread: loop.
class LogRoutes {
 public:
  /// Runs a task on the loop, from any thread.
  using Post = std::function<void(std::function<void()>)>;

  /// Requires: all references outlive it.
  LogRoutes(LogRouteOptions options, api::Hub& hub, api::Router& router, WorkerPool& pool,
            Post post, net::Loop& loop);

 private:
  using Read = std::function<Result<Page>()>;
  void answer(Read read, const api::Reply& reply);
  void list(api::Call& call, const api::Reply& reply);
  void story(api::Call& call, const api::Reply& reply);
  void tail();
  void publish(Page page);

  const LogRouteOptions options_;
  api::Hub& hub_;
  WorkerPool& pool_;
  const Post post_;
  net::Handle timer_;
  std::optional<Place> tail_at_;
  bool tailing_ = false;
  std::shared_ptr<int> alive_ = std::make_shared<int>();  // Shared: weak copies in late answers.
};

}  // namespace gk::logs
