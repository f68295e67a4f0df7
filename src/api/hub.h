// hub.h: topics that clients subscribe to over WebSocket. A room publishes; the hub numbers the
// frames per topic, keeps the latest of state topics for new subscribers, and fans out.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/principal.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/metrics.h"
#include "gamekeeper/result.h"
#include "net/loop.h"
#include "net/web_socket.h"

namespace gk::api {

enum class Delivery : std::uint8_t {
  every,        ///< Drops the oldest for a slow client and tells it gap{from,to}.
  latest_wins,  ///< A queued frame is replaced: state, not history.
};

/// A topic, registered before serving starts. AsyncAPI is generated from the registry.
struct TopicInfo {
  std::string_view name;   ///< "noun:verb", e.g. "metric:sample".
  std::string_view scope;  ///< Needed to subscribe.
  std::string_view summary;
  std::string_view schema;  ///< Named schema of `data`.
  Delivery delivery = Delivery::every;
  /// JSON of the state at the time of subscribing; empty function or text: no snapshot.
  std::function<std::string()> snapshot;
};

/// Publishes a frame {type, topic, seq, ts, data} to the subscribers of a topic.
/// Thread: loop.
class Hub {
 public:
  Hub(net::Loop& loop, const Clock& clock, Metrics& metrics);
  ~Hub();

  void add_topic(TopicInfo info);
  /// Requires: `topic` is registered (assert). `data` is JSON.
  void publish(std::string_view topic, std::string_view data);
  /// True when anyone listens, or did a minute ago and may come back: lets a publisher skip making
  /// JSON for nobody.
  bool has_subscribers(std::string_view topic) const;

  /// Number of the last frame of `topic`, which an ack names too: what was read by HTTP before a
  /// subscription is complete when both are equal. Requires: `topic` is registered (assert).
  std::uint64_t last_seq(std::string_view topic) const;

  /// Where a client that comes back was: by topic, in the order of its list.
  struct Since {
    std::string epoch;                ///< Of the daemon's life; empty: not said, taken as this one.
    std::vector<std::uint64_t> seen;  ///< Empty: it begins now.
  };
  /// Names this life of the daemon: the numbers of frames begin anew with each.
  const std::string& epoch() const;
  /// The topics of these names, as `principal` may see them.
  /// Errors: not_found, permission_denied, invalid_argument (more than 64).
  Result<std::vector<std::uint32_t>> find_topics(const std::vector<std::string>& names,
                                                 const Principal& principal) const;
  /// Serves a socket that only listens: to `topics`, from `since` on.
  void attach_listener(std::shared_ptr<net::WebSocket> socket,
                       std::shared_ptr<const Principal> principal,
                       const std::vector<std::uint32_t>& topics, const Since& since);
  /// Carries out the op "command": `done` gets status and body, once, on the loop.
  using Command = std::function<void(const std::shared_ptr<const Principal>& holder,
                                     const net::Peer& peer, const JsonValue& message,
                                     std::function<void(int status, std::string body)> done)>;
  void set_command(Command command);

  /// Serves one accepted socket until it closes.
  void attach(std::shared_ptr<net::WebSocket> socket, std::shared_ptr<const Principal> principal);
  /// Closes all sockets of a session with 4401.
  void close_session(std::string_view session_id);
  /// The holder of a session may do more or less: its sockets go on, but those that listen to a
  /// topic that it may no longer see are closed with 4403.
  void change_holder(std::string_view session_id, std::shared_ptr<const Principal> holder);
  void close_all(std::uint16_t code, std::string_view reason);
  std::size_t clients() const;
  const std::vector<TopicInfo>& topics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gk::api
