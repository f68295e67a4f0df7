// topic.h: how rooms talk sideways. A room publishes a typed event; others subscribe. Nobody
// includes another room's service.

#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

namespace gk {

/// Publishes values of one type to any number of subscribers.
/// Thread: loop (or compatible, outside the daemon). A handler may subscribe or unsubscribe.
template <typename Event>
class Topic {
 public:
  using Handler = std::function<void(const Event&)>;

  /// Unsubscribes when destroyed. Requires: the topic outlives it.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Topic* topic, std::uint64_t id) : topic_(topic), id_(id) {}
    Subscription(Subscription&& other) noexcept
        : topic_(std::exchange(other.topic_, nullptr)), id_(other.id_) {}
    Subscription& operator=(Subscription&& other) noexcept {
      reset();
      topic_ = std::exchange(other.topic_, nullptr);
      id_ = other.id_;
      return *this;
    }
    ~Subscription() { reset(); }
    void reset() {
      if (topic_ != nullptr) topic_->handlers_.erase(id_);
      topic_ = nullptr;
    }

   private:
    Topic* topic_ = nullptr;
    std::uint64_t id_ = 0;
  };

  [[nodiscard]] Subscription subscribe(Handler handler) {
    handlers_.emplace(++last_id_, std::move(handler));
    return Subscription(this, last_id_);
  }

  void publish(const Event& event) const {
    // A handler may unsubscribe itself or others: walk by id, not by iterator.
    std::uint64_t at = 0;
    for (auto it = handlers_.upper_bound(at); it != handlers_.end();
         it = handlers_.upper_bound(at)) {
      at = it->first;
      const Handler handler = it->second;
      handler(event);
    }
  }

 private:
  std::map<std::uint64_t, Handler> handlers_;
  std::uint64_t last_id_ = 0;
};

}  // namespace gk
