#include "referee/service/service.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/try.h"
#include "referee/service/player_data.h"
#include "referee/service/service_sockets.h"
#include "sys/file_below.h"

namespace gk::referee {
namespace {

constexpr Millis kBeat{250};  // Source: contract of the topics, at most 4 a second.

}  // namespace

struct RefereeService::Counters {
  explicit Counters(Metrics& m)
      : metrics(m),
        ratio(ratio_of(m)),
        open(m.gauge("gamekeeper_referee_reviews_open", "Reviews that wait for a decision")) {
    for (const char* outcome : {"opened", "accepted", "dismissed", "dropped"}) review(outcome);
    ratio.set(std::numeric_limits<double>::quiet_NaN());  // Unknown is not 0.
  }
  static Gauge ratio_of(Metrics& m) {
    return m.gauge("gamekeeper_referee_false_positive_ratio",
                   "Dismissed over decided reviews; NaN before the first decision");
  }
  Counter review(const char* outcome) const {
    return metrics.counter("gamekeeper_referee_reviews_total", "Reviews, by what became of them",
                           {{"outcome", outcome}});
  }
  Metrics& metrics;
  Gauge ratio, open;
};

RefereeService::RefereeService(const ServiceContext& context, Desk& desk)
    : context_(context),
      desk_(desk),
      counters_(std::make_unique<Counters>(context.metrics)),
      sockets_(std::make_shared<Sockets>()) {
  beat_ = context_.loop.every(kBeat, [this] {
    if (std::exchange(dirty_, false)) changed_.publish(true);
  });
}

RefereeService::~RefereeService() = default;

Now RefereeService::now() const {
  const auto us = std::chrono::duration_cast<Micros>(context_.clock.mono().time_since_epoch());
  return {us.count(), context_.clock.wall()};
}

Result<void> RefereeService::restore(StoredReferee stored, Bench& bench) {
  reviews_.restore(std::move(stored.reviews), stored.counts);
  show_open();
  sources_ = std::move(stored.sources);
  history_ = std::move(stored.options);
  for (const auto& [player, baseline] : stored.baselines)
    bench.judge.baselines().put(player, baseline);
  bench.ingest.sources().set(sources_);
  if (const auto ratio = reviews_.false_positive_ratio()) counters_->ratio.set(*ratio);
  if (history_.empty()) return {};
  GK_TRY(const JsonValue body, parse_json(history_.back().json));
  std::vector<std::pair<std::string, std::string>> complaints;
  GK_TRY(const ServiceOptions options, read_service_options(body, {}, complaints));
  GK_CHECK_OK(bench.judge.configure(options, now()));
  options_ = options;
  bench.judge.set_honest_rates(reviews_.honest_rates(options_.referee.honest_block_rate));
  return {};
}

void RefereeService::take(Digest digest) {
  for (const VerdictRecord& record : digest.rejected) rejected_.publish(record);
  for (const ReviewCase& found : digest.cases) take_case(found);
  if (!digest.baselines.empty()) {
    context_.store.save_baselines(std::move(digest.baselines));
  }
  dirty_ = dirty_ || digest.changed;
}

void RefereeService::watch(Topic<monitor::PerformanceIssue>& issues) {
  issues_ = issues.subscribe([this](const monitor::PerformanceIssue& issue) {
    if (issue.source == monitor::SampleSource::server) issue_ = issue;
  });
}

std::string RefereeService::measured_now() const {
  using monitor::PerformanceContext;
  if (!issue_ || context_.clock.mono() - issue_->at > PerformanceContext::kIssueWindow) return "";
  const auto value = static_cast<std::int64_t>(std::llround(issue_->value));
  return "Measured when this was opened: " + std::string(issue_kind_name(issue_->kind)) + " (" +
         std::string(severity_name(issue_->severity)) + ", " + std::to_string(value) + ") of " +
         (issue_->subject.empty() ? "this machine" : issue_->subject);
}

void RefereeService::count_review(const char* outcome) { counters_->review(outcome).inc(); }

void RefereeService::take_case(const ReviewCase& found) {
  const std::string id = random_hex(context_.random, 8);
  const auto added = reviews_.add(found, id, measured_now());
  show_open();
  for (std::size_t i = 0; i < added.gone.size(); ++i) count_review("dropped");
  if (!added.review && added.gone.empty() && reviews_.find(id) == nullptr) {
    // More evidence for a case that has as much, or a full queue of stronger cases.
    return;
  }
  dirty_ = true;
  if (!added.review) return;
  if (added.opened) {
    count_review("opened");
    context_.log.info("referee.review_opened", "a player needs a look",
                      {{"player", found.player},
                       {"review", added.review->id},
                       {"max_e", added.review->max_e},
                       {"channel", channel_name(found.channel)}});
  }
  context_.store.save_review(*added.review, added.gone, [this](const Result<void>& saved) {
    if (!saved) context_.log.warn("referee.review_not_stored", saved.error().message);
  });
}

void RefereeService::show_open() { counters_->open.set(static_cast<double>(reviews_.open())); }

void RefereeService::apply_rates() {
  const auto rates = reviews_.honest_rates(options_.referee.honest_block_rate);
  (void)desk_.run([rates](Bench& bench) { bench.judge.set_honest_rates(rates); });
}

void RefereeService::set_options(const ServiceOptions& options, const std::string& by,
                                 std::function<void(Result<void>)> done) {
  const OptionsVersion version{version_after(), context_.clock.wall(), by,
                               service_options_json(options)};
  history_.push_back(version);  // Now, so that a second change sees this version.
  if (history_.size() > static_cast<std::size_t>(RefereeStore::kMaxOptions))
    history_.erase(history_.begin());
  const ServiceOptions before = options_;
  options_ = options;
  context_.store.save_options(
      version, [this, version, before, done = std::move(done)](const Result<void>& saved) {
        if (!saved) {
          std::erase_if(history_,
                        [&](const OptionsVersion& v) { return v.version == version.version; });
          options_ = before;
          return done(saved);
        }
        context_.log.info("referee.options_changed", "the referee's options changed",
                          {{"by", version.by}, {"version", version.version}});
        ask<bool>([options = options_](Bench& bench,
                                       Now at) { return bench.judge.configure(options, at).ok(); },
                  [this, done](const Result<bool>& configured) {
                    if (!configured) return done(configured.error());
                    if (!*configured) return done(Error{Errc::internal, "the options do not hold"});
                    apply_rates();
                    dirty_ = true;
                    done({});
                  });
      });
}

void RefereeService::decide(const std::string& id, ReviewState state, const std::string& by,
                            const std::string& note, std::function<void(Result<Review>)> done) {
  auto decided = reviews_.decide(id, state, by, note, context_.clock.wall());
  if (!decided) return done(decided.error());
  const Review review = *decided;
  context_.store.save_decision(
      review, reviews_.count_after(review),
      [this, review, done = std::move(done)](const Result<void>& saved) {
        if (!saved) return done(saved.error());
        const Review* now_open = reviews_.find(review.id);
        if (now_open == nullptr || now_open->state != ReviewState::open)
          return done(Error{Errc::failed_precondition, "the review was decided meanwhile"});
        reviews_.commit(review);
        show_open();
        count_review(review_state_name(review.state));
        counters_->ratio.set(reviews_.false_positive_ratio().value_or(0));
        apply_rates();
        (void)desk_.run(
            [player = review.player](Bench& bench) { bench.judge.clear_suspicion(player); });
        dirty_ = true;
        context_.log.info(
            "referee.review_decided", review_state_name(review.state),
            {{"review", review.id}, {"player", review.player}, {"by", review.decided_by}});
        done(review);
      });
}

std::int64_t RefereeService::version_after() const { return version() + 1; }

void RefereeService::share_sources() {
  (void)desk_.run([sources = sources_](Bench& bench) { bench.ingest.sources().set(sources); });
}

void RefereeService::add_source(const std::string& name, const std::string& address,
                                const std::string& by, std::function<void(Result<Source>)> done) {
  Source source{.number = 0, .name = name, .address = address, .key = {}};
  for (const Source& known : sources_) {
    if (known.name == name)
      return done(Error{Errc::already_exists, "there is a source " + name + " already"});
    source.number = std::max(source.number, known.number);
  }
  if (sources_.size() >= kMaxSources)
    return done(Error{Errc::resource_exhausted, "at most 64 sources; remove one first"});
  ++source.number;
  context_.random.fill(source.key);
  sources_.push_back(source);  // Now, so that its number is taken.
  context_.store.save_source(
      source, by, [this, source, by, done = std::move(done)](const Result<void>& saved) {
        if (!saved) {
          std::erase_if(sources_, [&](const Source& s) { return s.number == source.number; });
          return done(saved.error());
        }
        share_sources();
        context_.log.info("referee.source_added", "a source may send movements",
                          {{"source", source.name}, {"address", source.address}, {"by", by}});
        done(source);
      });
}

void RefereeService::remove_source(const std::string& name,
                                   std::function<void(Result<void>)> done) {
  const auto found = std::find_if(sources_.begin(), sources_.end(),
                                  [&](const Source& s) { return s.name == name; });
  if (found == sources_.end()) return done(Error{Errc::not_found, "no source " + name});
  sources_.erase(found);
  share_sources();  // At once: a revoked key must not wait for the disk.
  context_.store.delete_source(name, std::move(done));
}

void RefereeService::export_player(const std::string& player,
                                   std::function<void(Result<std::string>)> done) {
  ask<PlayerData>([player](Bench& bench, Now at) { return data_of(bench.judge, player, at); },
                  [this, player, done = std::move(done)](const Result<PlayerData>& data) {
                    if (!data) return done(data.error());
                    std::string out;
                    JsonWriter json(out);
                    bool known = data->known;
                    json.begin_object().field("player", player).key("status");
                    data->status.empty() ? json.null() : json.raw(data->status);
                    json.key("baseline");
                    data->baseline.empty() ? json.null() : json.raw(data->baseline);
                    json.key("verdicts").raw(data->verdicts).key("reviews").begin_array();
                    for (const Review& review : reviews_.items()) {
                      if (review.player != player) continue;
                      known = true;
                      write_review(json, review);
                    }
                    json.end_array().end_object();
                    if (!known)
                      return done(Error{Errc::not_found, "nothing is kept about " + player});
                    done(std::move(out));
                  });
}

void RefereeService::delete_player(const std::string& player,
                                   std::function<void(Result<void>)> done) {
  ask<bool>([player](Bench& bench, Now at) { return bench.judge.erase(player, at); },
            [this, player, done = std::move(done)](const Result<bool>& erased) {
              if (!erased) return done(erased.error());
              const bool reviewed = reviews_.erase_player(player);
              show_open();
              if (!*erased && !reviewed)
                return done(Error{Errc::not_found, "nothing is kept about " + player});
              dirty_ = true;
              context_.store.delete_player(player, done);
            });
}

void RefereeService::start_recording(const std::string& name, std::uint64_t max_bytes,
                                     std::function<void(Result<RecordingState>)> done) {
  const std::string folder = context_.data_dir + "/movement";
  auto made = sys::make_private_dir(folder);
  if (!made) return done(made.error());
  const auto dir = sys::ConfinedDir::open(folder);
  if (!dir) return done(dir.error());
  auto file = dir->open_file(name + ".jsonl", sys::BelowMode::create_new);
  if (!file) return done(file.error());
  // Shared: std::function needs a copyable closure.
  auto kept = std::make_shared<sys::Fd>(std::move(*file));
  ask<RecordingState>(
      [name, max_bytes, kept](Bench& bench, Now at) {
        Recorder& recorder = bench.judge.recorder();
        recorder.start(name, std::move(*kept), max_bytes, at.us);
        return recorder.state();
      },
      std::move(done));
}

void RefereeService::stop_recording(std::function<void(Result<RecordingState>)> done) {
  ask<RecordingState>(
      [](Bench& bench, Now) {
        bench.judge.recorder().stop("stopped");
        return bench.judge.recorder().state();
      },
      std::move(done));
}

std::string RefereeService::stats_json(const Counted& c) const {
  std::string out;
  JsonWriter json(out);
  json.begin_object().field("events", c.judge.events).field("players", c.players);
  json.key("rejections_by_rule").begin_object();
  for (std::size_t i = 1; i < kRefereeRules; ++i)
    if (c.judge.rejections[i] > 0)
      json.field(referee_rule_name(static_cast<RefereeRule>(i)), c.judge.rejections[i]);
  json.end_object().key("adjustments_by_reason").begin_object();
  for (std::size_t i = 1; i < kCreditReasons; ++i)
    if (c.judge.adjustments[i] > 0)
      json.field(credit_reason_name(static_cast<CreditReason>(i)), c.judge.adjustments[i]);
  json.end_object().key("order").begin_object();
  json.field("stale", c.judge.stale)
      .field("duplicate", c.judge.duplicate)
      .field("invalid", c.judge.invalid)
      .end_object()
      .key("ingest")
      .begin_object();
  json.field("frames", c.ingest.frames)
      .field("moves", c.ingest.moves)
      .field("events", c.ingest.events)
      .field("answers", c.ingest.answers)
      .field("unknown_handles", c.ingest.unknown_handles)
      .key("refused")
      .begin_object();
  for (std::size_t i = 1; i < kFrameFaults; ++i)
    if (c.ingest.faults[i] > 0)
      json.field(frame_fault_name(static_cast<FrameFault>(i)), c.ingest.faults[i]);
  json.end_object().end_object().key("reviews").begin_object();
  json.field("open", reviews_.open())
      .field("accepted", reviews_.count(ReviewState::accepted))
      .field("dismissed", reviews_.count(ReviewState::dismissed))
      .field("usual_gaps", c.judge.usual_gaps)
      .end_object();
  json.field("false_positive_ratio", reviews_.false_positive_ratio())
      .field("detection_ratio", reviews_.detection_ratio())
      .end_object();
  return out;
}

}  // namespace gk::referee
