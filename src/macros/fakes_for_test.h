// fakes_for_test.h: an observer that a test drives, and a store that keeps or refuses everything.

#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "macros/macro_store.h"
#include "macros/observer.h"

namespace gk::macros {

/// Thread: compatible.
class FakeObserver final : public Observer {
 public:
  explicit FakeObserver(const Clock& clock) : clock_(clock) {}
  Result<void> watch(std::string_view subject, int pid) override {
    watched[std::string(subject)] = pid;
    return {};
  }
  void unwatch(std::string_view subject) override { watched.erase(std::string(subject)); }
  void set_fast(bool on) override { fast = on; }
  Published latest() const override { return latest_; }
  Topic<Published>& snapshots() override { return topic_; }

  monitor::Signal known(double value) const {
    return monitor::Signal::known(value, clock_.mono(), clock_.wall(), Millis(100));
  }
  /// Publishes `next` as of now.
  void publish() {
    next.at = clock_.mono();
    next.wall = clock_.wall();
    ++next.number;
    latest_ = std::make_shared<const monitor::Snapshot>(next);
    topic_.publish(latest_);
  }
  monitor::Snapshot next;
  std::map<std::string, int> watched;
  bool fast = false;

 private:
  const Clock& clock_;
  Published latest_;
  Topic<Published> topic_;
};

/// Thread: compatible.
class FakeStore final : public MacroStore {
 public:
  explicit FakeStore(net::Loop& loop) : loop_(loop) {}
  bool broken = false;  ///< Every call fails.
  std::vector<CancellationEvent> events;
  std::map<std::string, std::string> evidence, profiles, approvals;

  Result<StoredMacros> load() override { return StoredMacros{{}, 0, profiles, approvals}; }
  void save_event(const CancellationEvent& event, Done done) override {
    if (!broken) events.push_back(event);
    answer(std::move(done));
  }
  void save_evidence(const std::string& id, std::string json, Done done) override {
    if (!broken) evidence[id] = std::move(json);
    answer(std::move(done));
  }
  void load_evidence(const std::string& id, Evidence done) override {
    loop_.post([this, id, done] {
      if (evidence.count(id) == 0) return done(Error{Errc::not_found, "no evidence"});
      done(evidence[id]);
    });
  }
  void save_profile(const std::string& id, std::string json, Done done) override {
    if (!broken) profiles[id] = std::move(json);
    answer(std::move(done));
  }
  void delete_profile(const std::string& id, Done done) override {
    if (!broken) profiles.erase(id);
    answer(std::move(done));
  }
  void save_approval(const std::string& profile, const std::string& hash, const std::string&,
                     Done done) override {
    if (!broken) approvals[profile] = hash;
    answer(std::move(done));
  }

 private:
  void answer(Done done) {
    loop_.post([done = std::move(done), fails = broken] {
      done(fails ? Result<void>(Error{Errc::unavailable, "the disk is gone"}) : Result<void>());
    });
  }
  net::Loop& loop_;
};

}  // namespace gk::macros
