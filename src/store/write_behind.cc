#include "store/write_behind.h"

#include <utility>

#include "base/assert.h"
#include "base/try.h"
#include "store/submit_for_loop.h"

namespace gk::store {

struct WriteBehind::Link {
  WriteBehind* owner;  // Null after its end; loop thread only.
};

WriteBehind::WriteBehind(Writer& writer, Post post, WakeAfter wake_after,
                         WriteBehindOptions options, Metrics& metrics)
    : options_(std::move(options)),
      writer_(writer),
      post_(std::move(post)),
      wake_after_(std::move(wake_after)),
      writes_(metrics.counter("gamekeeper_write_behind_writes_total",
                              "Changes of state that were written.", {{"state", options_.name}})),
      batches_(metrics.counter("gamekeeper_write_behind_batches_total",
                               "Transactions that they were written in.",
                               {{"state", options_.name}})),
      writes_saved_(metrics.counter("gamekeeper_write_behind_writes_saved_total",
                                    "Changes that were unchanged or overtaken by a newer one.",
                                    {{"state", options_.name}})),
      bytes_saved_(metrics.counter("gamekeeper_write_behind_bytes_saved_total",
                                   "Bytes of the values that were not written.",
                                   {{"state", options_.name}})),
      waiting_gauge_(metrics.gauge("gamekeeper_write_behind_waiting",
                                   "Changes that are not known to be on disk.",
                                   {{"state", options_.name}})),
      link_(std::make_shared<Link>(Link{this})) {
  GK_ASSERT(options_.flush_every > Nanos(0) && options_.max_changes > 0);
}

WriteBehind::~WriteBehind() {
  link_->owner = nullptr;
  for (auto& [key, change] : changes_) {
    if (!change.under_way) (void)writer_.submit(std::move(change.apply));
  }
}

void WriteBehind::saved(std::size_t bytes) {
  ++stats_.writes_saved;
  stats_.bytes_saved += bytes;
  writes_saved_.inc();
  bytes_saved_.inc(static_cast<double>(bytes));
}

Result<void> WriteBehind::put(std::string_view key, std::string value, Apply apply) {
  const auto waiting = changes_.find(key);
  const auto known = on_disk_.find(key);
  if (waiting == changes_.end()) {
    if (known != on_disk_.end() && known->second == value) {
      saved(value.size());
      return {};
    }
    if (changes_.size() >= options_.max_changes) {
      return Error{Errc::resource_exhausted, "the " + options_.name + " state has " +
                                                 std::to_string(changes_.size()) +
                                                 " changes that could not be written yet"};
    }
    changes_.emplace(std::string(key), Change{std::move(value), std::move(apply)});
  } else {
    Change& change = waiting->second;
    if (change.value == value) {
      saved(value.size());
      return {};
    }
    // What the writer has already is written; a change that still waits is overtaken.
    if (!change.under_way) saved(change.value.size());
    change = {std::move(value), std::move(apply)};
  }
  waiting_gauge_.set(static_cast<double>(changes_.size()));
  if (!timer_set_ && !in_batch_) {
    timer_set_ = true;
    wake_after_(options_.flush_every);
  }
  return {};
}

void WriteBehind::forget(std::string_view key) {
  if (const auto waiting = changes_.find(key); waiting != changes_.end()) changes_.erase(waiting);
  if (const auto known = on_disk_.find(key); known != on_disk_.end()) on_disk_.erase(known);
}

void WriteBehind::flush(Done done) {
  waiting_next_.push_back(std::move(done));
  if (!in_batch_) start_batch();
}

void WriteBehind::tick() {
  timer_set_ = false;
  if (!in_batch_ && !changes_.empty()) start_batch();
}

void WriteBehind::start_batch() {
  std::vector<Apply> applies;
  batch_.clear();
  for (auto& [key, change] : changes_) {
    change.under_way = true;
    batch_.push_back(key);
    applies.push_back(change.apply);
  }
  waiting_now_ = std::exchange(waiting_next_, {});
  in_batch_ = true;
  if (!applies.empty()) {
    ++stats_.batches;
    batches_.inc();
  }
  // Also an empty batch goes through the writer: what was under way before it is on disk then.
  submit_for_loop(
      writer_, post_,
      [applies = std::move(applies)](Database& db) -> Result<void> {
        for (const auto& apply : applies) GK_CHECK_OK(apply(db));
        return {};
      },
      [link = link_](Result<void> result) {
        if (link->owner != nullptr) link->owner->end_batch(result);
      });
}

void WriteBehind::end_batch(const Result<void>& result) {
  in_batch_ = false;
  for (const std::string& key : batch_) {
    const auto found = changes_.find(key);
    // Gone: forgotten meanwhile. Not under way: a newer value came, which is still to be written.
    if (found == changes_.end() || !found->second.under_way) continue;
    found->second.under_way = false;
    if (!result) continue;
    remember(key, std::move(found->second.value));
    changes_.erase(found);
  }
  if (result) {
    stats_.writes += batch_.size();
    writes_.inc(static_cast<double>(batch_.size()));
  }
  waiting_gauge_.set(static_cast<double>(changes_.size()));
  for (auto& done : std::exchange(waiting_now_, {})) {
    if (done) done(result);
  }
  if (in_batch_) return;  // A `done` flushed again.
  if (!waiting_next_.empty()) return start_batch();
  if (changes_.empty() || (timer_set_ && result)) return;
  timer_set_ = true;
  wake_after_(result ? options_.flush_every : options_.retry_after);
}

void WriteBehind::remember(const std::string& key, std::string value) {
  if (on_disk_.size() >= options_.max_remembered && !on_disk_.contains(key)) {
    on_disk_.erase(on_disk_.begin());  // Whichever: forgetting costs a write, nothing else.
  }
  on_disk_.insert_or_assign(key, std::move(value));
}

WriteBehind::Stats WriteBehind::stats() const {
  Stats out = stats_;
  out.waiting = changes_.size();
  return out;
}

}  // namespace gk::store
