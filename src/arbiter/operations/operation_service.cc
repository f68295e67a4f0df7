// Taking, ending and recovering operations; what callers see of them is operation_views.cc.
#include "arbiter/operations/operation_service.h"

#include <algorithm>

#include "arbiter/operations/operation_active.h"
#include "base/json_writer.h"
#include "base/span.h"
#include "base/try.h"

namespace gk::arbiter {
namespace {

constexpr std::string_view kConflictsDocument = "conflicts";
// Lock owners of transactions from before a restart, apart from those of operations.
constexpr std::uint64_t kRecoveryOwner = std::uint64_t{1} << 63;

LockOwner owner_of(OperationId id) { return LockOwner(id.value); }

}  // namespace

OperationService::OperationService(OperationOptions options, StepKinds steps, store::Writer& writer,
                                   OperationStore& store, net::Loop& loop, const Clock& clock,
                                   Log& log, Metrics& metrics)
    : options_(options),
      steps_(std::move(steps)),
      undo_(steps_.undo_table()),
      kinds_(builtin_operations(steps_)),
      store_(store),
      journal_(writer, clock),
      loop_(loop),
      clock_(clock),
      log_(log),
      table_({.max_rules = 256, .max_operations = options.max_operations}),
      locks_({.max_owners = 2 * options.max_operations}),
      committed_total_(metrics.counter("gamekeeper_operations_total", "Operations that ended",
                                       {{"end", "committed"}})),
      rolled_back_total_(metrics.counter("gamekeeper_operations_total", "Operations that ended",
                                         {{"end", "rolled_back"}})),
      conflicts_total_(metrics.counter("gamekeeper_operations_total", "Operations that ended",
                                       {{"end", "conflict"}})),
      active_gauge_(metrics.gauge("gamekeeper_operations_active", "Operations that run or wait")),
      stuck_gauge_(metrics.gauge("gamekeeper_operations_stuck",
                                 "Transactions that could be neither finished nor undone yet")),
      pool_(std::make_unique<WorkerPool>(
          WorkerPoolOptions{.threads = options.threads,
                            .max_queue = std::max<std::size_t>(options.max_operations, 1),
                            .name = "gk-transact"})) {}

Result<std::unique_ptr<OperationService>> OperationService::create(
    OperationOptions options, StepKinds steps, store::Writer& writer, OperationStore& store,
    net::Loop& loop, const Clock& clock, Log& log, Metrics& metrics) {
  std::unique_ptr<OperationService> service(
      new OperationService(options, std::move(steps), writer, store, loop, clock, log, metrics));
  GK_CHECK_OK(service->recover_at_start());
  GK_CHECK_OK(service->load_conflicts());
  return service;
}

OperationService::~OperationService() {
  for (auto& [id, active] : active_) {
    active->stop->stop(Error{Errc::cancelled, "the daemon stops"});
  }
  pool_.reset();  // Joins: what ran is rolled back, or the next start does it.
}

Result<void> OperationService::recover_at_start() {
  GK_TRY(const auto open, journal_.open());
  std::size_t undone = 0;
  for (const OpenTransaction& transaction : open) {
    const auto done = recover(journal_, undo_, transaction);
    if (done) {
      ++undone;
      continue;
    }
    log_.error("operations.stuck", done.error().message,
               {{"transaction", static_cast<std::int64_t>(transaction.id.value)}});
    keep_stuck(transaction, LockOwner(kRecoveryOwner + ++last_recovery_));
  }
  if (undone > 0) {
    log_.warn("operations.recovered", "rolled back what a crash had interrupted",
              {{"transactions", undone}});
  }
  return {};
}

void OperationService::keep_stuck(const OpenTransaction& transaction, LockOwner owner) {
  if (!locks_.holds(owner)) {
    std::vector<std::string> resources;
    for (const JournalStep& step : transaction.steps) resources.push_back(resource_of(step));
    // A crash leaves transactions with disjoint resources, so each gets its locks at once.
    if (!resources.empty()) (void)locks_.acquire(owner, resources);
  }
  stuck_.push_back({transaction, owner});
  stuck_gauge_.set(static_cast<double>(stuck_.size()));
  if (!stuck_timer_.active()) {
    stuck_timer_ = loop_.every(options_.recovery_period, [this] { retry_stuck(); });
  }
}

void OperationService::retry_stuck() {
  // Shared by the pool thread, which fills it, and the answer on the loop.
  auto done = std::make_shared<std::vector<TransactionId>>();
  auto wanted = std::make_shared<std::vector<TransactionId>>();  // Shared for the same reason.
  for (const Stuck& stuck : stuck_) wanted->push_back(stuck.transaction.id);
  (void)pool_->post([this, done, wanted, alive = std::weak_ptr<int>(alive_)] {
    const auto open = journal_.open();
    if (!open) return;
    for (const TransactionId id : *wanted) {
      const auto found = std::find_if(open->begin(), open->end(),
                                      [&](const OpenTransaction& t) { return t.id == id; });
      if (found == open->end() || recover(journal_, undo_, *found)) done->push_back(id);
    }
    loop_.post([this, done, alive] {
      if (alive.expired()) return;
      for (const TransactionId id : *done) {
        const auto at = std::find_if(stuck_.begin(), stuck_.end(),
                                     [&](const Stuck& s) { return s.transaction.id == id; });
        if (at == stuck_.end()) continue;
        const LockOwner owner = at->owner;
        stuck_.erase(at);
        log_.info("operations.recovered", "rolled back a transaction that was stuck",
                  {{"transaction", static_cast<std::int64_t>(id.value)}});
        release(owner);
      }
      stuck_gauge_.set(static_cast<double>(stuck_.size()));
      if (stuck_.empty()) stuck_timer_.cancel();
    });
  });
}

// ---- the table of conflicts ----

Result<void> OperationService::load_conflicts() {
  GK_TRY(const std::string stored, store_.load_document(std::string(kConflictsDocument)));
  if (stored.empty()) return apply(default_conflicts());
  const auto body = parse_json(stored);
  const auto rules = body ? read_conflicts(*body, kinds_) : body.error();
  if (rules) return apply(*rules);
  log_.warn("operations.conflicts", "the stored table of conflicts is not used: the defaults hold",
            {{"why", rules.error().message}});
  return apply(default_conflicts());
}

Result<void> OperationService::apply(const std::vector<ConflictRule>& rules) {
  table_.clear_rules();
  for (const ConflictRule& rule : rules) {
    ConflictTable::Merge merge;
    if (rule.strategy == ConflictStrategy::merge) merge = kinds_.find(rule.one)->second.merge;
    GK_CHECK_OK(table_.add_rule(rule.one, rule.other, rule.strategy, std::move(merge)));
  }
  table_.start_waiting();
  return {};
}

void OperationService::set_conflicts(const JsonValue& body, const Author& by,
                                     std::function<void(const Result<void>&)> done) {
  auto rules = read_conflicts(body, kinds_);
  if (!rules) return done(rules.error());
  const std::string text = conflicts_json(*rules);
  // Shared by the job, which fills it, and the answer, which calls it after the commit.
  const auto committed = std::make_shared<std::function<void()>>();
  store::Writer::Job record;
  if (audit_) {
    record = [hook = audit_, committed, text, by](store::Database& db) -> Result<void> {
      GK_TRY(*committed, hook(db, {by, "operation.conflicts", "conflicts", text}));
      return {};
    };
  }
  store_.save_document(std::string(kConflictsDocument), text, std::move(record),
                       [this, rules = std::move(*rules), done = std::move(done), committed,
                        alive = std::weak_ptr<int>(alive_)](const Result<void>& saved) {
                         if (alive.expired()) return;
                         if (!saved) return done(saved);
                         if (*committed) (*committed)();
                         const auto applied = apply(rules);
                         done(applied);
                         drain();
                       });
}

// ---- taking ----

Result<std::vector<StepCall>> OperationService::steps_for(std::string_view kind,
                                                          const JsonValue& input) const {
  const auto found = kinds_.find(kind);
  if (found == kinds_.end()) {
    std::string known;
    for (const auto& name : kinds()) known += (known.empty() ? "" : ", ") + name;
    return Error{Errc::invalid_argument, "kind: expected one of " + known};
  }
  auto steps = found->second.steps(input);
  if (!steps) return Error{steps.error().code, "input: " + steps.error().message};
  return steps;
}

Result<bool> OperationService::needs_admin(std::string_view kind, const JsonValue& input) const {
  GK_TRY(const auto steps, steps_for(kind, input));
  return std::any_of(steps.begin(), steps.end(),
                     [](const StepCall& step) { return step.kind->needs_admin; });
}

std::optional<OperationId> OperationService::run(OperationRequest request, Done done) {
  const auto refuse = [&](const Error& error) -> std::optional<OperationId> {
    done(error);
    return std::nullopt;
  };
  const auto needs = needs_admin(request.kind, request.input);
  if (!needs) return refuse(needs.error());
  if (*needs && !request.is_admin) {
    return refuse({Errc::permission_denied, request.kind + " needs tasks:admin"});
  }
  if (request.deadline < Nanos(0) || request.deadline > options_.max_deadline) {
    return refuse({Errc::invalid_argument, "deadline_s: expected more than 0, at most " +
                                               std::to_string(options_.max_deadline.count())});
  }
  const OperationKind& kind = kinds_.find(request.kind)->second;
  Operation operation;
  operation.resource = request.resource;
  operation.kind = request.kind;
  operation.priority = request.priority;
  operation.abortable = kind.abortable;
  if (kind.merge) operation.argument = to_json(request.input);
  const auto id = table_.submit(std::move(operation));
  if (!id) return refuse(id.error());
  auto active = std::make_unique<Active>();
  const Nanos time = request.deadline > Nanos(0) ? request.deadline : options_.default_deadline;
  active->id = *id;
  active->stop = std::make_shared<StopFlag>(clock_, clock_.mono() + time);
  active->request = std::move(request);
  active->done = std::move(done);
  active->submitted_at = clock_.wall();
  active->deadline = loop_.after(time, [this, own = *id] { on_deadline(own); });
  active_[*id] = std::move(active);
  active_gauge_.set(static_cast<double>(active_.size()));
  drain();
  return *id;
}

/// Does what the table says, until it says nothing more.
void OperationService::drain() {
  if (draining_) return;  // The loop below takes what a callback brought.
  draining_ = true;
  for (auto events = table_.take_events(); !events.empty(); events = table_.take_events()) {
    for (const OperationEvent& event : events) {
      const auto found = active_.find(event.operation);
      if (found == active_.end()) continue;
      Active& active = *found->second;
      switch (event.what) {
        case OperationEvent::What::start: on_start(active, event.argument); break;
        case OperationEvent::What::merged:
          active.state = State::merged;
          active.merged_into = event.with;
          break;
        case OperationEvent::What::undo: {
          const Error why{Errc::failed_precondition,
                          "gave way to operation " + std::to_string(event.with.value)};
          const bool waits = active.state == State::locking;
          active.state = State::undoing;
          active.stop->stop(why);
          if (waits) {
            release(owner_of(active.id));
            (void)table_.finish(active.id, why);
          }
          break;
        }
        case OperationEvent::What::fail: conflicts_total_.inc(); [[fallthrough]];
        case OperationEvent::What::ended: end(event.operation, event.error); break;
      }
    }
  }
  draining_ = false;
}

void OperationService::on_start(Active& active, const std::string& argument) {
  active.state = State::locking;
  active.started_at = clock_.wall();
  auto input = argument.empty() ? Result<JsonValue>(active.request.input) : parse_json(argument);
  auto steps = input ? steps_for(active.request.kind, *input) : input.error();
  if (!steps) return (void)table_.finish(active.id, steps.error());
  active.steps = std::move(*steps);
  std::vector<std::string> resources;
  for (const StepCall& step : active.steps) {
    if (!step.resource.empty()) resources.push_back(step.resource);
  }
  if (resources.empty()) return launch(active);
  const auto locked = locks_.acquire(owner_of(active.id), resources);
  if (!locked) return (void)table_.finish(active.id, locked.error());
  if (*locked) launch(active);
}

void OperationService::launch(Active& active) {
  active.state = State::running;
  auto steps = std::make_shared<std::vector<StepCall>>(std::move(active.steps));  // For the pool.
  AuditEntry entry = entry_of(active.request.by, active.request.kind, active.request.resource,
                              active.id.value, *steps);
  const auto posted = pool_->post([this, id = active.id, steps, stop = active.stop,
                                   entry = std::move(entry), alive = std::weak_ptr<int>(alive_)] {
    AuditedJournal journal(journal_, audit_, entry);
    Span span(log_, clock_, "operation.run", entry.author.correlation_id);
    // Shared: std::function needs a copyable closure.
    auto report = std::make_shared<Result<TransactReport>>(
        span.note(run_transaction(journal, undo_, *steps, *stop)));
    loop_.post([this, id, report, alive] {
      if (!alive.expired()) on_done(id, *report);
    });
  });
  if (posted) return;
  release(owner_of(active.id));
  (void)table_.finish(active.id, posted.error());
}

// ---- ending ----

void OperationService::on_done(OperationId id, const Result<TransactReport>& report) {
  const auto found = active_.find(id);
  if (found == active_.end()) return;
  Result<void> result;
  if (!report) {
    result = report.error();
  } else {
    found->second->steps_run = report->steps_run;
    if (report->end == TransactEnd::committed) committed_total_.inc();
    if (report->end == TransactEnd::rolled_back) rolled_back_total_.inc();
    if (report->error) result = *report->error;
    if (report->end == TransactEnd::stuck) {
      result = Error{Errc::unavailable,
                     "it failed and could not be undone yet; its resources "
                     "stay locked: " +
                         report->error->message};
      log_.error("operations.stuck", result.error().message,
                 {{"operation", static_cast<std::int64_t>(id.value)}});
      keep_stuck({report->id, {}}, owner_of(id));
    }
  }
  if (!report || report->end != TransactEnd::stuck) release(owner_of(id));
  (void)table_.finish(id, result);
  drain();
}

void OperationService::release(LockOwner owner) {
  for (const LockOwner next : locks_.release(owner)) {
    const auto found = active_.find(OperationId(next.value));
    if (found != active_.end() && found->second->state == State::locking) launch(*found->second);
  }
}

void OperationService::end(OperationId id, const std::optional<Error>& error) {
  auto node = active_.extract(id);
  if (node.empty()) return;
  const std::unique_ptr<Active> active = std::move(node.mapped());
  active_gauge_.set(static_cast<double>(active_.size()));
  Error why = error.value_or(Error{});
  // A reason of ours is better than the table's: which deadline, or who cancelled.
  if (error && active->own_reason) why = *active->own_reason;
  auto ended = std::make_unique<Ended>();
  ended->view = view_of(*active, clock_.wall());
  ended->view.state = error ? "failed" : "succeeded";
  if (error) ended->view.reason = why.message;
  ended_.push_back(std::move(ended));
  if (ended_.size() > options_.max_ended) ended_.erase(ended_.begin());
  if (error) return active->done(why);
  active->done(OperationOutcome{id, active->steps_run, active->merged_into});
}

Result<void> OperationService::cancel(OperationId id) {
  const auto found = active_.find(id);
  if (found == active_.end()) return Error{Errc::not_found, "no such operation runs or waits"};
  Active& active = *found->second;
  const Error why{Errc::cancelled, "cancelled by its caller"};
  switch (active.state) {
    case State::merged:
      return Error{Errc::failed_precondition,
                   "it is part of operation " + std::to_string(active.merged_into->value)};
    case State::waiting: GK_CHECK_OK(table_.cancel(id)); break;
    case State::locking:
      release(owner_of(id));
      GK_CHECK_OK(table_.finish(id, why));
      break;
    default: active.stop->stop(why); break;
  }
  drain();
  return {};
}

/// Ends one that waits in vain; one that runs looks at its deadline itself.
void OperationService::on_deadline(OperationId id) {
  const auto found = active_.find(id);
  if (found == active_.end()) return;
  Active& active = *found->second;
  if (active.state != State::waiting && active.state != State::locking) return;
  active.own_reason = Error{Errc::deadline_exceeded, "its deadline passed while it waited"};
  if (active.state == State::waiting) {
    (void)table_.cancel(id);
  } else {
    release(owner_of(id));
    (void)table_.finish(id, *active.own_reason);
  }
  drain();
}

std::vector<std::string> OperationService::kinds() const {
  std::vector<std::string> out;
  for (const auto& [name, kind] : kinds_) out.push_back(name);
  return out;
}

}  // namespace gk::arbiter
