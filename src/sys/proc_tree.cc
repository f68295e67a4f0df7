#include "sys/proc_tree.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace gk::sys {
namespace {

using Path = std::array<char, 64>;

Path process_path(int pid, const char* name) {
  Path out{};
  std::snprintf(out.data(), out.size(), "proc/%d/%s", pid, name);
  return out;
}

Path thread_path(int pid, int tid, const char* name) {
  Path out{};
  std::snprintf(out.data(), out.size(), "proc/%d/task/%d/%s", pid, tid, name);
  return out;
}

Nanos own_time(const PidStat& stat) { return ticks_to_time(stat.user_ticks + stat.system_ticks); }
Nanos reaped_time(const PidStat& stat) {
  return ticks_to_time(stat.children_user_ticks + stat.children_system_ticks);
}

std::uint64_t page_bytes() { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

}  // namespace

ProcTree::ProcTree(ProcContext& context, int pid) : context_(context), root_pid_(pid) {}

ProcTree::~ProcTree() {
  for (auto& process : members_) {
    release(process.stat);
    release(process.statm);
    for (auto& thread : process.threads) {
      release(thread.sched);
      release(thread.children);
    }
  }
}

void ProcTree::release(ProcFile& file) {
  if (!file.is_open()) return;
  file.close();
  context_.released(1);
}

ProcTree::Process* ProcTree::find(int pid) {
  const auto it = std::find_if(members_.begin(), members_.end(),
                               [&](const Process& p) { return p.pid == pid; });
  return it == members_.end() ? nullptr : &*it;
}

bool ProcTree::add(int pid) {
  if (find(pid) != nullptr) return true;
  if (members_.size() >= context_.limits().max_processes) {
    truncated_ = true;
    return true;
  }
  Process process;
  process.pid = pid;
  auto stat = context_.hold(process_path(pid, "stat").data());
  if (!stat) return false;
  process.stat = std::move(*stat);
  const auto now = read_stat(process);
  auto statm = context_.hold(process_path(pid, "statm").data());
  if (statm) process.statm = std::move(*statm);
  if (!now || !statm) {
    release(process.stat);
    release(process.statm);
    return false;
  }
  process.parent = now->parent;
  process.start_ticks = now->start_ticks;
  members_.push_back(std::move(process));
  return true;
}

Result<PidStat> ProcTree::read_stat(Process& process) {
  const auto text = context_.read(process.stat, process_path(process.pid, "stat").data());
  if (!text) return text.error();
  const auto stat = parse_pid_stat(*text);
  if (!stat) return Error{Errc::data_loss, "stat: not as proc(5) says"};
  const bool reused = process.start_ticks != 0 && stat->start_ticks != process.start_ticks;
  if (stat->state == 'X' || reused) return Error{Errc::not_found, "the process has ended"};
  return *stat;
}

void ProcTree::list_threads(Process& process) {
  std::vector<int> tids;
  (void)context_.list_pids(process_path(process.pid, "task").data(), tids);  // Gone: no threads.
  for (const int tid : tids) {
    const bool known = std::any_of(process.threads.begin(), process.threads.end(),
                                   [&](const Thread& t) { return t.tid == tid; });
    if (known) continue;
    if (thread_count_ >= context_.limits().max_threads) {
      truncated_ = true;
      return;
    }
    auto sched = context_.hold(thread_path(process.pid, tid, "schedstat").data());
    if (!sched) continue;  // Ended between the listing and now.
    Thread thread{.tid = tid, .sched = std::move(*sched), .children = {}, .run = {}, .wait = {}};
    if (context_.uses_children_files()) {
      auto children = context_.hold(thread_path(process.pid, tid, "children").data());
      if (children) thread.children = std::move(*children);
    }
    process.threads.push_back(std::move(thread));
    ++thread_count_;
  }
}

void ProcTree::refresh_threads(Process& process) {
  Nanos live{};
  for (std::size_t i = 0; i < process.threads.size();) {
    Thread& thread = process.threads[i];
    const Path path = thread_path(process.pid, thread.tid, "schedstat");
    const auto text = context_.read(thread.sched, path.data());
    const auto now = text ? parse_schedstat(*text) : std::nullopt;
    if (!now) {
      process.account.thread_ended(thread.run);
      ended_wait_ += thread.wait;
      release(thread.sched);
      release(thread.children);
      process.threads.erase(process.threads.begin() + static_cast<std::ptrdiff_t>(i));
      --thread_count_;
      continue;
    }
    thread.run = std::max(thread.run, now->run);
    thread.wait = std::max(thread.wait, now->wait);
    live += thread.run;
    ++i;
  }
  process.account.set_live(live);
}

void ProcTree::refresh_memory(Process& process) {
  const auto text = context_.read(process.statm, process_path(process.pid, "statm").data());
  const auto memory = text ? parse_statm(*text) : std::nullopt;
  process.rss_pages = memory ? memory->rss_pages : 0;
  process.zombie = !memory || memory->size_pages == 0;
}

bool ProcTree::refresh(std::size_t index) {
  Process& process = members_[index];
  // A held descriptor answers for this process alone; without one the pid may have been reused.
  const bool full =
      first_ || context_.births_possible() || process.threads.empty() || !process.stat.is_open();
  std::optional<PidStat> stat;
  if (full) {
    auto read = read_stat(process);
    if (!read) return false;
    stat = *read;
    if (stat->threads != process.threads.size() || process.zombie) list_threads(process);
  }
  const std::size_t threads_before = process.threads.size();
  refresh_threads(process);
  if (process.threads.size() != threads_before && !stat) {
    // A thread ended without a birth: what it used since the last look is in the group's time.
    auto read = read_stat(process);
    if (!read) return false;
    stat = *read;
  }
  if (!stat) {
    refresh_memory(process);
    return true;
  }
  process.account.set_group(own_time(*stat));
  process.rss_pages = stat->rss_pages;
  process.zombie = stat->state == 'Z';
  process.reaped_moved = reaped_time(*stat) != process.reaped || first_;
  process.reaped = reaped_time(*stat);
  return true;
}

void ProcTree::find_children(std::size_t index) {
  std::vector<int> found;
  const int pid = members_[index].pid;
  if (context_.uses_children_files()) {
    for (auto& thread : members_[index].threads) {
      const Path path = thread_path(pid, thread.tid, "children");
      const auto text = context_.read(thread.children, path.data());
      if (text) (void)parse_pid_list(*text, found);
      if (!text && text.error().code == Errc::not_found && read_stat(members_[index])) {
        // The process lives and the file is not there: a kernel without CONFIG_PROC_CHILDREN,
        // unless this one thread has just ended.
        if (thread.tid == pid) context_.use_scan();
      }
    }
  }
  if (!context_.uses_children_files()) found = context_.scanned_children(pid);
  for (const int child : found) (void)add(child);  // One that ended meanwhile is in cutime.
}

void ProcTree::forget(std::size_t index) {
  Process gone = std::move(members_[index]);
  members_.erase(members_.begin() + static_cast<std::ptrdiff_t>(index));
  for (auto& thread : gone.threads) {
    ended_wait_ += thread.wait;
    release(thread.sched);
    release(thread.children);
  }
  thread_count_ -= gone.threads.size();
  release(gone.stat);
  release(gone.statm);
  if (Process* parent = find(gone.parent)) {
    parent->account.child_ended(gone.account.total());
    parent->child_ended = true;
  } else {
    orphans_run_ += gone.account.total();
  }
  for (auto& child : members_) {
    if (child.parent != gone.pid) continue;
    const auto stat = read_stat(child);
    child.parent = stat ? stat->parent : 0;  // A subreaper of this tree, or nobody here.
  }
}

bool ProcTree::settle_children(std::size_t& index) {
  Process& process = members_[index];
  if (process.child_ended) {
    process.child_ended = false;
    const auto stat = read_stat(process);
    if (!stat) return true;  // Ended just now; the next round deals with it.
    process.reaped = reaped_time(*stat);
  }
  // A known child that ended since we looked may be in `reaped` already: account for it first, and
  // read again, because it may also not be.
  const int pid = process.pid;
  for (std::size_t c = members_.size(); c-- > 0;) {
    if (members_[c].parent != pid || read_stat(members_[c])) continue;
    forget(c);
    if (c < index) --index;
  }
  return !members_[index].child_ended;
}

void ProcTree::settle_reaped() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i].child_ended && !members_[i].reaped_moved) continue;
    while (!settle_children(i)) {
    }
    members_[i].reaped_moved = false;
    members_[i].account.set_reaped(members_[i].reaped);
  }
}

Result<TreeUsage> ProcTree::read() {
  if (first_ && !add(root_pid_)) {
    return Error{Errc::not_found, "no process " + std::to_string(root_pid_)};
  }
  const bool search = first_ || context_.births_possible();
  for (std::size_t i = 0; i < members_.size();) {
    const bool fresh = members_[i].threads.empty();
    if (!refresh(i)) {
      forget(i);
      continue;
    }
    if (search || fresh) find_children(i);  // New members come last and get their turn.
    ++i;
  }
  settle_reaped();
  TreeUsage out = totals();
  if (first_) {
    base_run_ = out.run;
    base_wait_ = out.wait;
    first_ = false;
  }
  out.run -= base_run_;
  out.wait -= base_wait_;
  return out;
}

TreeUsage ProcTree::totals() const {
  static const std::uint64_t kPage = page_bytes();
  TreeUsage out{.run = orphans_run_, .wait = ended_wait_, .truncated = truncated_};
  for (const auto& process : members_) {
    out.run += process.account.total();
    for (const auto& thread : process.threads) out.wait += thread.wait;
    if (process.zombie) continue;
    out.alive = true;
    ++out.processes;
    out.threads += static_cast<std::uint32_t>(process.threads.size());
    out.rss_bytes += process.rss_pages * kPage;
  }
  return out;
}

}  // namespace gk::sys
