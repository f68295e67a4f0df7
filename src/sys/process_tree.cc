#include "sys/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

namespace gk::sys {
namespace {

// Parent and state of `pid`; parent 0 when it is gone. The name in parentheses may hold anything,
// so the fields are read after the last ')'. Source: proc(5).
TreeMember read_member(int pid) {
  TreeMember member{pid, 0, 'X'};
  char path[64];
  std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return member;
  char text[512];
  const ssize_t n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) return member;
  text[n] = '\0';
  const char* end = std::strrchr(text, ')');
  if (end == nullptr || std::sscanf(end + 1, " %c %d", &member.state, &member.parent) != 2) {
    return {pid, 0, 'X'};
  }
  return member;
}

// It cannot fork. 'D' is not among them: a process in fork() may be there.
bool is_halted(const TreeMember& member) { return std::strchr("TtZX", member.state) != nullptr; }
bool is_alive(const TreeMember& member) { return std::strchr("ZX", member.state) == nullptr; }

class Machine : public ProcessView {
 public:
  std::vector<TreeMember> walk() override {
    std::vector<TreeMember> out;
    DIR* dir = ::opendir("/proc");
    if (dir == nullptr) return out;
    while (const dirent* entry = ::readdir(dir)) {
      const int pid = std::atoi(entry->d_name);
      if (pid > 0) out.push_back(read_member(pid));
    }
    ::closedir(dir);
    return out;
  }
  void send(int pid, int signal) override { ::kill(pid, signal); }
};

std::vector<TreeMember> descendants(int root, ProcessView& view) {
  std::vector<TreeMember> rest = view.walk(), found;
  std::set<int> family{root};
  for (bool grew = true; grew;) {
    grew = false;
    for (TreeMember& member : rest) {
      if (member.pid == 0 || member.pid == root || family.count(member.parent) == 0) continue;
      family.insert(member.pid);
      found.push_back(member);
      member.pid = 0;
      grew = true;
    }
  }
  return found;
}

// Children of this process, which has one thread. Their numbers cannot be another's, since nobody
// has collected them. Quicker than a walk, so that it also hits what forks and ends at once.
void kill_own_children() {
  char path[64], text[4096];
  std::snprintf(path, sizeof path, "/proc/self/task/%d/children", ::getpid());
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return;  // A kernel without CONFIG_PROC_CHILDREN: the walks are left.
  const ssize_t n = ::read(fd, text, sizeof text - 1);
  ::close(fd);
  if (n <= 0) return;
  text[n] = '\0';
  char* at = text;
  for (char* end = nullptr;; at = end) {
    const long pid = std::strtol(at, &end, 10);
    // The last number may be cut off: a space follows each whole one.
    if (end == at || *end != ' ') return;
    ::kill(static_cast<pid_t>(pid), SIGKILL);
  }
}

// Collects who is dead; false when there is no child left.
bool has_children() {
  pid_t pid = 0;
  do {
    pid = ::waitpid(-1, nullptr, WNOHANG);
  } while (pid > 0 || (pid < 0 && errno == EINTR));
  return pid == 0;
}

// Collects before each walk, so that what forks and ends without pause does not fill the machine's
// table of processes with dead children of ours.
class CollectingMachine final : public Machine {
 public:
  std::vector<TreeMember> walk() override {
    (void)has_children();
    return Machine::walk();
  }
};

}  // namespace

std::size_t kill_descendants(int root, ProcessView& view, int quiet_walks) {
  // The bounds are for a machine out of pids, and for a parent that waits in vfork (state D) for a
  // child that we have stopped.
  constexpr int kMaxWalks = 40;       // Source: chosen; a tree of forkers ends after 4 to 11 walks.
  constexpr int kMaxWalksAlike = 20;  // Source: chosen; a stop takes effect within a walk or two.
  std::set<int> stopped;
  std::vector<TreeMember> family;
  for (int walks = 0, quiet = 0, alike = 0;
       walks < kMaxWalks && alike < kMaxWalksAlike && quiet < quiet_walks; ++walks) {
    ++quiet, ++alike;
    family = descendants(root, view);
    for (const TreeMember& member : family) {
      const bool is_new = stopped.insert(member.pid).second;
      if (is_new) alike = 0;
      if (!is_new && is_halted(member)) continue;
      view.send(member.pid, SIGSTOP);
      quiet = 0;
    }
  }
  // Of the last walk only: an earlier one's number may be a stranger's by now.
  std::size_t killed = 0;
  for (const TreeMember& member : family) {
    if (!is_alive(member)) continue;
    view.send(member.pid, SIGKILL);
    ++killed;
  }
  return killed;
}

std::size_t kill_descendants(int root) {
  Machine machine;
  return kill_descendants(root, machine);
}

void end_own_descendants() {
  CollectingMachine machine;
  constexpr int kShots = 50;           // Source: chosen; between two walks, 10 to 20 µs each.
  constexpr int kLongestPauseMs = 20;  // Source: chosen; who is killed needs a turn to end.
  for (int pause_ms = 1; has_children(); pause_ms = std::min(2 * pause_ms, kLongestPauseMs)) {
    kill_descendants(::getpid(), machine);
    for (int i = 0; i < kShots && has_children(); ++i) kill_own_children();
    if (has_children()) (void)::poll(nullptr, 0, pause_ms);
  }
}

std::vector<int> living_descendants(int root) {
  Machine machine;
  std::vector<int> out;
  for (const TreeMember& member : descendants(root, machine)) {
    if (is_alive(member)) out.push_back(member.pid);
  }
  return out;
}

}  // namespace gk::sys
