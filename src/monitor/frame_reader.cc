#include "monitor/frame_reader.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <utility>

namespace gk::monitor {
namespace {

constexpr int kWantedSeals = F_SEAL_SHRINK | F_SEAL_GROW;
// Copies before a page is left for the next round: a writer needs some 30 ns of each frame.
constexpr int kTries = 4;  // Source: chosen.

std::optional<std::uint32_t> sequence_of(int fd) {
  std::uint32_t out = 0;
  const ssize_t n = ::pread(fd, &out, sizeof out, offsetof(FramePage, sequence));
  return n == sizeof out ? std::optional(out) : std::nullopt;
}

enum class Copied : std::uint8_t { whole, torn, failed };

/// A copy during which nothing was written.
Copied copy(int fd, FramePage& out) {
  for (int i = 0; i < kTries; ++i) {
    const auto before = sequence_of(fd);
    if (!before || ::pread(fd, &out, sizeof out, 0) != sizeof out) return Copied::failed;
    const auto after = sequence_of(fd);
    if (!after) return Copied::failed;
    if (*before == *after && *before % 2 == 0) return Copied::whole;
  }
  return Copied::torn;
}

}  // namespace

FrameReader::FrameReader(const Clock& clock, Metrics& metrics)
    : clock_(clock),
      pages_gauge_(metrics.gauge("gamekeeper_frame_tickers", "Games that count their frames")),
      lies_(metrics.counter("gamekeeper_frame_lies_total",
                            "Readings of a game's frames that cannot be true")) {}

Result<FrameReader::PageId> FrameReader::add(std::string_view subject, int memory) {
  struct stat info{};
  const int seals = ::fcntl(memory, F_GET_SEALS);  // Only a memfd has any: no FIFO, no FUSE.
  const bool fits = ::fstat(memory, &info) == 0 && S_ISREG(info.st_mode) &&
                    info.st_size == sizeof(FramePage) && seals >= 0 &&
                    (seals & kWantedSeals) == kWantedSeals;
  if (!fits) {
    return Error{Errc::invalid_argument,
                 "expected a memfd of " + std::to_string(sizeof(FramePage)) +
                     " bytes that is sealed with F_SEAL_SHRINK and F_SEAL_GROW"};
  }
  sys::Fd own(::fcntl(memory, F_DUPFD_CLOEXEC, 0));
  if (!own) return Error{Errc::resource_exhausted, "no file descriptor for a page of frames"};
  const MutexLock lock(mu_);
  if (pages_.contains(subject)) {
    return Error{Errc::already_exists,
                 "the frames of " + std::string(subject) + " come from another program already"};
  }
  if (pages_.size() >= kMaxPages) {
    return Error{Errc::resource_exhausted,
                 "already " + std::to_string(pages_.size()) + " games count their frames"};
  }
  const PageId id{++last_id_};
  pages_.emplace(std::string(subject), Page{.id = id, .fd = std::move(own), .judge = {}});
  pages_gauge_.set(static_cast<double>(pages_.size()));
  return id;
}

std::optional<std::string> FrameReader::remove(PageId page) {
  const MutexLock lock(mu_);
  const auto found = std::find_if(pages_.begin(), pages_.end(),
                                  [&](const auto& item) { return item.second.id == page; });
  if (found == pages_.end()) return std::nullopt;
  std::string subject = found->first;
  pages_.erase(found);
  pages_gauge_.set(static_cast<double>(pages_.size()));
  return subject;
}

bool FrameReader::reads(PageId page) const {
  const MutexLock lock(mu_);
  return std::any_of(pages_.begin(), pages_.end(),
                     [&](const auto& item) { return item.second.id == page; });
}

FrameNews FrameReader::read_page(Page& page, Nanos interval) {
  FramePage copied;
  switch (copy(page.fd.get(), copied)) {
    case Copied::whole: break;
    case Copied::torn: return page.judge.torn(clock_.mono(), interval);
    case Copied::failed: return page.judge.unreadable("it cannot be read", clock_.mono());
  }
  return page.judge.judge(copied, clock_.mono(), interval);
}

std::vector<FrameReader::Rate> FrameReader::read(Nanos interval) {
  std::vector<Rate> out;
  const MutexLock lock(mu_);
  out.reserve(pages_.size());
  for (auto& [subject, page] : pages_) {
    FrameNews news = read_page(page, interval);
    if (news.lie) lies_.inc();
    if (!news.frame_ms.empty()) {
      auto& kept = frames_[subject];
      kept.insert(kept.end(), news.frame_ms.begin(), news.frame_ms.end());
      if (kept.size() > kFrameSlots) {
        kept.erase(kept.begin(), kept.end() - static_cast<std::ptrdiff_t>(kFrameSlots));
      }
    }
    out.push_back(
        {.page = page.id, .subject = subject, .fps = news.fps, .trouble = std::move(news.trouble)});
  }
  return out;
}

FrameReader::Frames FrameReader::take() {
  const MutexLock lock(mu_);
  return std::exchange(frames_, {});
}

}  // namespace gk::monitor
