#include "store/writer.h"

#include <pthread.h>
#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <condition_variable>
#include <limits>
#include <span>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "base/mutex.h"
#include "base/try.h"

namespace gk::store {
namespace {

/// A caller of run(), on its own stack until `finished`.
struct Waiter {
  Result<void> result;
  std::atomic<bool> finished{false};
};

struct Item {
  Writer::Job job;
  Writer::Done done;
  Waiter* waiter = nullptr;
};

constexpr std::size_t kNobodyWaits = std::numeric_limits<std::size_t>::max();
/// A burst may have grown the queue's memory; above this it is given back.
constexpr std::size_t kKeptCapacity = 4'096;  // Source: one batch; 72 bytes an item.

Result<void> run_sql(Database& database, std::string_view sql) {
  GK_TRY(Statement * statement, database.query(sql));
  return statement->run();
}

}  // namespace

struct Writer::Impl {
  Impl(std::unique_ptr<Database> db, WriterOptions opts, const Clock& c, Log& l, Metrics& metrics);

  Result<std::uint32_t> enqueue(Item item);
  void work();
  bool take();
  Error refusal(const Error& cause) const;
  void run_batch(std::span<Item> batch);
  std::size_t expected_company();
  Result<void> commit(std::span<Item> batch);
  Result<void> run_job(Item& item, Result<void>& result);
  void deliver(std::span<Item> batch);
  void report(const Result<void>& committed);

  // Constant after construction.
  const WriterOptions options;
  const Clock& clock;
  Log& log;
  Histogram duration;
  Counter jobs_total, commits_total, failed_total;
  Gauge depth, failing_gauge;

  // Confined to the writer thread.
  std::unique_ptr<Database> database;
  std::vector<Item> taken;
  std::vector<Result<void>> results;
  std::uint32_t taken_slot = 0;
  std::size_t company = 0;  // Callers that were there when the last round ended.

  // Guarded by mu.
  Mutex mu{MutexRank::store};
  std::condition_variable_any ready;
  std::vector<Item> queue GK_GUARDED_BY(mu);
  std::size_t wake_at GK_GUARDED_BY(mu) = kNobodyWaits;  // Queue length that wakes the thread.
  std::uint32_t slot GK_GUARDED_BY(mu) = 0;              // Of the waiters that are queued now.
  bool stopping GK_GUARDED_BY(mu) = false;

  // Waiters sleep on the word of their round, so one system call wakes a whole batch and nobody
  // of the next.
  std::array<std::atomic<std::uint32_t>, 2> rounds{};
  std::atomic<std::uint64_t> jobs{0}, commits{0}, failed_commits{0};
  std::atomic<std::size_t> in_hand{0};  // Taken from the queue, not yet begun.
  std::atomic<bool> failing{false};     // Written by the writer thread.
  std::thread thread;
};

Writer::Impl::Impl(std::unique_ptr<Database> db, WriterOptions opts, const Clock& c, Log& l,
                   Metrics& metrics)
    : options(std::move(opts)),
      clock(c),
      log(l),
      duration(metrics.histogram("gamekeeper_store_commit_duration_seconds",
                                 "Time of a transaction: its jobs and the commit.",
                                 duration_buckets(), {{"store", options.name}})),
      jobs_total(metrics.counter("gamekeeper_store_jobs_total",
                                 "Changes that were run, whether they failed or not.",
                                 {{"store", options.name}})),
      commits_total(metrics.counter("gamekeeper_store_commits_total", "Transactions committed.",
                                    {{"store", options.name}})),
      failed_total(metrics.counter("gamekeeper_store_failed_commits_total",
                                   "Transactions that could not be committed.",
                                   {{"store", options.name}})),
      depth(metrics.gauge("gamekeeper_store_queue_depth", "Changes that wait for the writer.",
                          {{"store", options.name}})),
      failing_gauge(metrics.gauge("gamekeeper_store_failing",
                                  "1 while changes cannot be committed and are refused.",
                                  {{"store", options.name}})),
      database(std::move(db)) {}

Result<std::uint32_t> Writer::Impl::enqueue(Item item) {
  bool wake = false;
  std::uint32_t round = 0;
  {
    const MutexLock lock(mu);
    if (stopping) return Error{Errc::cancelled, "the " + options.name + " writer is stopping"};
    const std::size_t waiting = queue.size() + in_hand.load(std::memory_order_relaxed);
    if (waiting >= options.max_queue) {
      return Error{Errc::resource_exhausted, "the " + options.name + " writer has " +
                                                 std::to_string(waiting) + " changes waiting"};
    }
    queue.push_back(std::move(item));
    round = slot;
    wake = queue.size() == wake_at;
  }
  if (wake) ready.notify_one();
  return round;
}

/// Waits for jobs and moves them to `taken`. False: stopping, and nothing is left.
bool Writer::Impl::take() {
  const MutexLock lock(mu);
  wake_at = 1;
  while (queue.empty() && !stopping) ready.wait(mu);
  if (options.linger.count() > 0 && queue.size() < company && !stopping) {
    wake_at = company;
    ready.wait_for(mu, options.linger,
                   [this]() GK_REQUIRES(mu) { return queue.size() >= wake_at || stopping; });
  }
  wake_at = kNobodyWaits;
  if (queue.empty()) return false;
  if (taken.capacity() > kKeptCapacity) taken.shrink_to_fit();
  taken.swap(queue);
  in_hand.store(taken.size(), std::memory_order_relaxed);
  taken_slot = slot;
  slot ^= 1U;
  return true;
}

void Writer::Impl::work() {
  if (options.linger.count() > 0) ::prctl(PR_SET_TIMERSLACK, 1'000UL);  // 1 µs, not 50.
  while (take()) {
    for (std::span<Item> rest(taken); !rest.empty();) {
      const std::size_t n = std::min(rest.size(), options.max_batch);
      depth.set(static_cast<double>(in_hand.load(std::memory_order_relaxed)));
      in_hand.fetch_sub(n, std::memory_order_relaxed);
      run_batch(rest.first(n));
      rest = rest.subspan(n);
    }
    taken.clear();
    depth.set(0);
  }
}

/// What callers hear of a transaction that failed. Whatever ails the disk, their change was right
/// and may be tried again: never "too many requests" (disk full) or "not allowed" (read-only).
Error Writer::Impl::refusal(const Error& cause) const {
  if (cause.code == Errc::data_loss || cause.code == Errc::internal) return cause;
  return {Errc::unavailable, "nothing can be saved now, the change was not made: " + cause.message};
}

void Writer::Impl::run_batch(std::span<Item> batch) {
  const MonoTime start = clock.mono();
  results.assign(batch.size(), Result<void>());
  const Result<void> committed = commit(batch);
  if (!committed) {
    if (database->in_transaction()) (void)run_sql(*database, "ROLLBACK");
    std::fill(results.begin(), results.end(), refusal(committed.error()));
  }
  report(committed);
  jobs.fetch_add(batch.size(), std::memory_order_relaxed);
  jobs_total.inc(static_cast<double>(batch.size()));
  duration.observe(std::chrono::duration<double>(clock.mono() - start).count());
  company = expected_company();  // Before the callers hear and come again.
  if (!options.ack_before_commit_for_test) deliver(batch);
}

std::size_t Writer::Impl::expected_company() {
  const MutexLock lock(mu);
  return std::min(taken.size() + queue.size(), options.max_batch);
}

Result<void> Writer::Impl::commit(std::span<Item> batch) {
  GK_CHECK_OK(run_sql(*database, "BEGIN IMMEDIATE"));
  for (std::size_t i = 0; i < batch.size(); ++i) GK_CHECK_OK(run_job(batch[i], results[i]));
  if (options.ack_before_commit_for_test) deliver(batch);
  return run_sql(*database, "COMMIT");
}

/// Runs one job in its savepoint; its own error goes to `result`, one of the transaction is
/// returned.
Result<void> Writer::Impl::run_job(Item& item, Result<void>& result) {
  GK_CHECK_OK(run_sql(*database, "SAVEPOINT job"));
  result = item.job(*database);
  database->reset_statements();
  if (!database->in_transaction()) {  // SQLite gave up the whole transaction (disk full, I/O).
    if (!result) return result;
    return Error{Errc::internal, database->path() + ": a job ended the transaction"};
  }
  if (!result) GK_CHECK_OK(run_sql(*database, "ROLLBACK TO job"));
  return run_sql(*database, "RELEASE job");
}

void Writer::Impl::deliver(std::span<Item> batch) {
  bool waiters = false;
  for (std::size_t i = 0; i < batch.size(); ++i) {
    if (Waiter* waiter = batch[i].waiter) {
      waiters = true;
      waiter->result = std::move(results[i]);
      waiter->finished.store(true, std::memory_order_release);  // From here on it may be gone.
    } else if (batch[i].done) {
      batch[i].done(std::move(results[i]));
    }
  }
  if (!waiters) return;
  rounds[taken_slot].fetch_add(1, std::memory_order_release);
  rounds[taken_slot].notify_all();
}

/// Counts, and logs when it begins to fail and when it works again, not each time.
void Writer::Impl::report(const Result<void>& committed) {
  (committed ? commits : failed_commits).fetch_add(1, std::memory_order_relaxed);
  (committed ? commits_total : failed_total).inc();
  if (committed.ok() != failing.load(std::memory_order_relaxed)) return;
  failing.store(!committed.ok(), std::memory_order_relaxed);
  failing_gauge.set(committed ? 0 : 1);
  if (!committed) {
    log.error("store.commit_failed", "changes cannot be saved; they are refused until it works",
              {{"store", options.name}, {"error", committed.error().message}});
  } else {
    log.info("store.recovered", "changes are saved again", {{"store", options.name}});
  }
}

Writer::Writer(std::unique_ptr<Database> database, WriterOptions options, const Clock& clock,
               Log& log, Metrics& metrics)
    : impl_(std::make_unique<Impl>(std::move(database), std::move(options), clock, log, metrics)) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->work(); });
  const std::string name = ("gk-" + impl_->options.name).substr(0, 15);
  ::pthread_setname_np(impl_->thread.native_handle(), name.c_str());
}

Writer::~Writer() {
  {
    const MutexLock lock(impl_->mu);
    impl_->stopping = true;
  }
  impl_->ready.notify_one();
  impl_->thread.join();
}

Result<void> Writer::submit(Job job, Done done) {
  if (auto queued = impl_->enqueue({std::move(job), std::move(done)}); !queued) {
    return std::move(queued).error();
  }
  return {};
}

Result<void> Writer::run(Job job) {
  GK_ASSERT(std::this_thread::get_id() != impl_->thread.get_id());  // It would wait for itself.
  Waiter waiter;
  GK_TRY(const std::uint32_t slot, impl_->enqueue({std::move(job), nullptr, &waiter}));
  auto& round = impl_->rounds[slot];
  for (;;) {
    const std::uint32_t seen = round.load(std::memory_order_acquire);
    if (waiter.finished.load(std::memory_order_acquire)) return std::move(waiter.result);
    round.wait(seen, std::memory_order_acquire);
  }
}

Writer::Stats Writer::stats() const {
  const MutexLock lock(impl_->mu);
  return {impl_->jobs.load(std::memory_order_relaxed),
          impl_->commits.load(std::memory_order_relaxed),
          impl_->failed_commits.load(std::memory_order_relaxed),
          impl_->queue.size() + impl_->in_hand.load(std::memory_order_relaxed),
          impl_->failing.load(std::memory_order_relaxed)};
}

}  // namespace gk::store
