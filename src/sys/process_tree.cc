#include "sys/process_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <set>
#include <vector>

namespace gk::sys {
namespace {

struct Member {
  int pid = 0;
  int parent = 0;
  bool halted = false;  // Stopped or dead: it cannot fork.
};

// Parent and state of `pid`; parent 0 when it is gone. The name in parentheses may hold anything,
// so the fields are read after the last ')'. Source: proc(5).
Member read_member(int pid) {
  Member member{pid, 0, true};
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
  char state = 0;
  if (end == nullptr || std::sscanf(end + 1, " %c %d", &state, &member.parent) != 2) return member;
  member.halted = std::strchr("TtZX", state) != nullptr;
  return member;
}

std::vector<Member> all_processes() {
  std::vector<Member> out;
  DIR* dir = ::opendir("/proc");
  if (dir == nullptr) return out;
  while (const dirent* entry = ::readdir(dir)) {
    const int pid = std::atoi(entry->d_name);
    if (pid > 0) out.push_back(read_member(pid));
  }
  ::closedir(dir);
  return out;
}

std::vector<Member> descendants(int root) {
  std::vector<Member> rest = all_processes(), found;
  std::set<int> family{root};
  for (bool grew = true; grew;) {
    grew = false;
    for (Member& member : rest) {
      if (member.pid == 0 || member.pid == root || family.count(member.parent) == 0) continue;
      family.insert(member.pid);
      found.push_back(member);
      member.pid = 0;
      grew = true;
    }
  }
  return found;
}

}  // namespace

std::size_t kill_descendants(int root) {
  // A stopped process cannot fork, but a stop takes effect a moment after the signal. So the set is
  // complete when a scan finds nobody who is not stopped. The bound is for a machine out of pids.
  constexpr int kMaxScans = 200;  // Source: chosen; a tree of forkers ends after 3 to 10 scans.
  std::set<int> stopped;
  for (int scan = 0; scan < kMaxScans; ++scan) {
    bool all_halted = true;
    for (const Member& member : descendants(root)) {
      if (stopped.insert(member.pid).second || !member.halted) {
        ::kill(member.pid, SIGSTOP);
        all_halted = false;
      }
    }
    if (all_halted) break;
  }
  for (const int pid : stopped) ::kill(pid, SIGKILL);
  return stopped.size();
}

}  // namespace gk::sys
