// frame_reader.h: reads the pages in which games count their frames, without trusting them.
//
// A page is a sealed memfd of fixed size, read by pread: whatever its writer does, a reading is a
// short copy, never a fault or a wait. Judging it is rules/frame_judge.h. Not here: who may hand a
// page over (frame_socket.h). Design: docs/frames.md.

#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "gamekeeper/result.h"
#include "monitor/rules/frame_judge.h"
#include "sys/files.h"

namespace gk::monitor {

/// Thread: safe.
class FrameReader {
 public:
  static constexpr std::size_t kMaxPages = 64;  ///< The newest is refused. Source: chosen.
  /// One page that was handed over. Never reused: who is late means nobody else.
  enum class PageId : std::uint64_t {};
  /// What one reading of one page says; neither: the last rate holds.
  struct Rate {
    PageId page{};
    std::string subject;
    std::optional<double> fps;
    std::string trouble;
  };
  /// Durations of frames in ms by subject, oldest first, of each the newest kFrameSlots.
  using Frames = std::map<std::string, std::vector<double>, std::less<>>;

  /// The references outlive it.
  FrameReader(const Clock& clock, Metrics& metrics);

  /// Reads `memory` as `subject` from now on; keeps a duplicate of it.
  /// Errors: invalid_argument (no memfd of a page's size that is sealed against getting shorter and
  ///         longer), already_exists (the subject is read already), resource_exhausted.
  Result<PageId> add(std::string_view subject, int memory);
  /// Its subject; nothing: it is read no more.
  std::optional<std::string> remove(PageId page);
  /// False: it was removed.
  bool reads(PageId page) const;

  /// Reads all pages. Cost: three or more preads of 4 KiB together, a page.
  std::vector<Rate> read(Nanos interval);
  /// What was read since the last call.
  Frames take();

 private:
  struct Page {
    PageId id{};
    sys::Fd fd;
    FrameJudge judge;
  };
  FrameNews read_page(Page& page, Nanos interval);

  const Clock& clock_;
  Gauge pages_gauge_;
  Counter lies_;
  mutable Mutex mu_{MutexRank::leaf};
  std::map<std::string, Page, std::less<>> pages_ GK_GUARDED_BY(mu_);
  std::uint64_t last_id_ GK_GUARDED_BY(mu_) = 0;
  Frames frames_ GK_GUARDED_BY(mu_);
};

}  // namespace gk::monitor
