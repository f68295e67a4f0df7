#include "settings/service.h"

#include <algorithm>

#include "base/assert.h"
#include "base/span.h"
#include "base/try.h"
#include "sys/files.h"

namespace gk::settings {

std::string text_of(const std::vector<Complaint>& complaints) {
  std::string out;
  for (const Complaint& c : complaints) {
    out += out.empty() ? "" : "; ";
    if (!c.key.empty()) out += c.key + ": ";
    out += c.message;
    if (c.line > 0) out += " (line " + std::to_string(c.line) + ")";
  }
  return out;
}

SettingsService::SettingsService(SettingsOptions options, std::string text, Schema& schema,
                                 RevisionStore& store, WorkerPool& pool, Post post,
                                 const Clock& clock, Log& log, Metrics& metrics)
    : options_(std::move(options)),
      schema_(schema),
      store_(store),
      pool_(pool),
      post_(std::move(post)),
      clock_(clock),
      log_(log),
      revision_gauge_(metrics.gauge("gamekeeper_config_revision", "Revision that holds")),
      valid_gauge_(metrics.gauge("gamekeeper_config_valid",
                                 "1 when the file on disk was valid when it was read last")),
      text_(std::move(text)),
      values_(schema.check(text_).values),
      at_start_(values_) {
  valid_gauge_.set(1);
}

Result<void> SettingsService::restore() {
  GK_TRY(auto stored, store_.load());
  for (Revision& revision : stored.revisions) keep(std::move(revision));
  if (!revisions_.empty() && stored.newest_text == text_) return {};
  const Author author{.name = "gamekeeperd", .cause = "start"};
  std::vector<Change> changes;
  if (!revisions_.empty()) {
    const auto now = std::exchange(values_, schema_.check(stored.newest_text).values);
    changes = changes_to(now);
    values_ = now;
  }
  Revision revision = make_revision(author, std::move(changes), text_.size());
  store_.save(revision, text_, [&log = log_](const Result<void>& saved) {
    if (!saved) log.warn("config.revision_lost", saved.error().message);
  });
  keep(std::move(revision));
  return {};
}

void SettingsService::queue(Task task, Done done) {
  if (waiting_.size() >= options_.max_waiting) {
    Outcome full = state(Outcome::Kind::failed);
    full.error = {Errc::resource_exhausted, "too many changes of the configuration wait"};
    return done(full);
  }
  waiting_.emplace_back(std::move(task), std::move(done));
  if (!running_) next();
}

void SettingsService::next() {
  if (waiting_.empty()) {
    running_ = false;
    return;
  }
  running_ = true;
  auto [task, done] = std::move(waiting_.front());
  waiting_.pop_front();
  task([this, tell = std::move(done)](const Outcome& outcome) {
    tell(outcome);
    next();
  });
}

/// Runs `work` on a pool thread, then take() on the loop.
void SettingsService::on_pool(std::function<Read()> work, Author author, Done done) {
  auto finish = [this, alive = std::weak_ptr<int>(alive_), author = std::move(author),
                 done](Read read) {
    if (!alive.expired()) take(std::move(read), author, done);
  };
  const auto posted = pool_.post([post = post_, work = std::move(work), finish] {
    auto read = std::make_shared<Read>(work());  // shared: std::function wants copies
    post([finish, read] { finish(std::move(*read)); });
  });
  if (posted) return;
  Outcome full = state(Outcome::Kind::failed);
  full.error = posted.error();
  done(full);
}

void SettingsService::reload(Author author, Done done) {
  queue(
      [this, author = std::move(author)](Done then) {
        on_pool(
            [file = options_.file, max = options_.max_text_bytes, &schema = schema_, &log = log_,
             &clock = clock_, id = author.correlation_id] {
              const Span span(log, clock, "config.read", id);
              Read read;
              auto text = sys::read_file(file, max);
              if (!text && text.error().code != Errc::not_found) {
                read.error = text.error();
                return read;
              }
              if (text) read.text = std::move(*text);
              read.checked = schema.check(read.text);
              return read;
            },
            author, std::move(then));
      },
      std::move(done));
}

void SettingsService::replace(std::string text, Author author, Done done) {
  queue(
      [this, text = std::move(text), author = std::move(author)](Done then) {
        on_pool(
            [text, file = options_.file, max = options_.max_text_bytes, &schema = schema_,
             &log = log_, &clock = clock_, id = author.correlation_id] {
              const Span span(log, clock, "config.write", id);
              Read read;
              read.text = text;
              read.checked = schema.check(text);
              if (!read.checked.complaints.empty()) return read;
              // Compared with the disk: the text in force may have to replace a wrong file there.
              if (const auto present = sys::read_file(file, max); present && *present == text) {
                return read;
              }
              auto written = sys::make_private_dir(sys::parent_dir(file));
              if (written) written = sys::replace_file(file, text);
              if (!written) read.error = written.error();
              return read;
            },
            author, std::move(then));
      },
      std::move(done));
}

void SettingsService::restore_revision(std::int64_t id, Author author, Done done) {
  store_.text(id, [this, alive = std::weak_ptr<int>(alive_), author = std::move(author),
                   done = std::move(done)](Result<std::string> text) {
    if (alive.expired()) return;
    if (text) return replace(std::move(*text), author, done);
    Outcome missing = state(Outcome::Kind::failed);
    missing.error = text.error();
    done(missing);
  });
}

void SettingsService::take(Read read, const Author& author, const Done& done) {
  if (read.error) {
    Outcome failed = state(Outcome::Kind::failed);
    failed.error = *read.error;
    log_.warn("config.read_failed", failed.error.message,
              {{"correlation_id", author.correlation_id}, {"cause", author.cause}});
    return done(failed);
  }
  if (!read.checked.complaints.empty()) return done(refused(read.checked.complaints, author));
  const bool was_wrong = !complaints_.empty();
  complaints_.clear();
  valid_gauge_.set(1);
  if (read.text != text_) return commit(std::move(read), author, done);
  const Outcome same = state(Outcome::Kind::unchanged);
  if (was_wrong) publish(same, author);
  done(same);
}

/// Remembers what is wrong with the file on disk; what came over HTTP never got there.
Outcome SettingsService::refused(std::vector<Complaint> complaints, const Author& author) {
  Outcome outcome = state(Outcome::Kind::invalid);
  outcome.complaints = std::move(complaints);
  log_.warn("config.refused",
            "the new configuration is not valid, the old one holds: " + text_of(outcome.complaints),
            {{"correlation_id", author.correlation_id},
             {"cause", author.cause},
             {"complaints", outcome.complaints.size()}});
  const bool on_disk =
      author.cause != "put" && author.cause != "patch" && author.cause != "restore";
  if (on_disk) {
    complaints_ = outcome.complaints;
    valid_gauge_.set(0);
    publish(outcome, author);
  }
  return outcome;
}

void SettingsService::commit(Read read, const Author& author, const Done& done) {
  Revision revision = make_revision(author, changes_to(read.checked.values), read.text.size());
  text_ = std::move(read.text);
  values_ = std::move(read.checked.values);
  schema_.apply(text_);
  Outcome outcome = state(Outcome::Kind::changed);
  outcome.revision = revision.id;
  outcome.changes = revision.changes;
  log_.info("config.changed", "the configuration has changed",
            {{"correlation_id", author.correlation_id},
             {"revision", revision.id},
             {"by", author.name},
             {"cause", author.cause},
             {"changes", revision.changes.size()},
             {"restart_required", outcome.restart_required.size()}});
  store_.save(revision, text_,
              [this, alive = std::weak_ptr<int>(alive_), outcome, author,
               done](const Result<void>& saved) mutable {
                if (alive.expired()) return;
                if (!saved) {
                  log_.warn("config.revision_lost", saved.error().message,
                            {{"revision", outcome.revision}});
                  outcome.kind = Outcome::Kind::failed;
                  outcome.error = {saved.error().code,
                                   "the configuration holds, but its revision could not be kept: " +
                                       saved.error().message};
                }
                publish(outcome, author);
                done(outcome);
              });
  keep(std::move(revision));
}

Outcome SettingsService::preview(std::string_view text) const {
  const Checked checked = schema_.check(text);
  Outcome outcome =
      state(checked.complaints.empty() ? Outcome::Kind::changed : Outcome::Kind::invalid);
  outcome.complaints = checked.complaints;
  if (!checked.complaints.empty()) return outcome;
  if (text == text_) outcome.kind = Outcome::Kind::unchanged;
  outcome.changes = changes_to(checked.values);
  outcome.restart_required = waiting_for_restart(checked.values);
  return outcome;
}

std::vector<Change> SettingsService::changes_to(const std::vector<Value>& values) const {
  GK_ASSERT(values.size() == values_.size());  // Schema::check(): all keys in a fixed order
  std::vector<Change> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].json == values_[i].json) continue;
    out.push_back({values[i].key, values_[i].json, values[i].json});
  }
  return out;
}

std::vector<std::string> SettingsService::waiting_for_restart(
    const std::vector<Value>& values) const {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].live && values[i].json != at_start_[i].json) out.push_back(values[i].key);
  }
  return out;
}

Revision SettingsService::make_revision(const Author& author, std::vector<Change> changes,
                                        std::size_t bytes) {
  return {.id = revision() + 1,
          .at = clock_.wall(),
          .author = author,
          .changes = std::move(changes),
          .bytes = bytes};
}

void SettingsService::keep(Revision revision) {
  revisions_.push_back(std::move(revision));
  if (revisions_.size() > options_.max_revisions) revisions_.pop_front();
  revision_gauge_.set(static_cast<double>(revisions_.back().id));
}

void SettingsService::publish(const Outcome& outcome, const Author& author) {
  changed_.publish({.valid = outcome.kind != Outcome::Kind::invalid,
                    .outcome = outcome,
                    .author = author,
                    .at = clock_.wall()});
}

Outcome SettingsService::state(Outcome::Kind kind) const {
  Outcome outcome;
  outcome.kind = kind;
  outcome.revision = revision();
  outcome.restart_required = waiting_for_restart(values_);
  return outcome;
}

}  // namespace gk::settings
