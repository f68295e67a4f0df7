// review_book.h: players whose evidence passed the review threshold, for an operator to decide.
//
// Bounded: of the open cases the one with the least evidence goes, of the decided ones the oldest.
// Decisions feed the honest block rates (rules/review_queue.h): by counts, in bounded steps.

#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "gamekeeper/result.h"
#include "referee/rules/review_queue.h"
#include "referee/service/judge_types.h"

namespace gk::referee {

enum class ReviewState : std::uint8_t { open, accepted, dismissed };
const char* review_state_name(ReviewState state);
std::optional<ReviewState> parse_review_state(std::string_view name);

/// One case.
struct Review {
  std::string id;
  std::string player;
  WallTime opened_at{};
  double max_e = 1;
  Channel channel = Channel::needs_slack;
  ReviewState state = ReviewState::open;
  std::string decided_by, note;
  WallTime decided_at{};
  std::uint32_t rejected = 0;  ///< Movements refused before the case was opened.
  std::string path_json = "[]";
};

/// Thread: compatible. Cost: O(n) per call, n <= 2 * limit.
class ReviewBook {
 public:
  /// Source of the limit: referee specification.
  explicit ReviewBook(std::size_t limit = 1000) : limit_(limit) {}

  void restore(std::vector<Review> reviews, const std::array<ReviewCount, kChannels>& counts);

  /// What became of a case.
  struct Added {
    std::optional<Review> review;   ///< To be stored; nothing when it was dropped at once.
    std::vector<std::string> gone;  ///< Ids that made room.
    bool opened = false;            ///< A new case, not more evidence for an open one.
  };
  /// Opens a case `id`, with a first `note`, or raises the open one of the same player.
  Added add(const ReviewCase& found, const std::string& id, std::string note = "");

  /// An operator decides. Changes nothing in the book until commit(), so that a disk that fails
  /// leaves the case open. `note` is put behind that of the opening.
  /// Errors: not_found, failed_precondition (decided already).
  Result<Review> decide(const std::string& id, ReviewState state, const std::string& by,
                        const std::string& note, WallTime at) const;
  /// The count of the channel as it will be after `decided`.
  ReviewCount count_after(const Review& decided) const;
  void commit(const Review& decided);

  /// Newest first.
  const std::vector<Review>& items() const { return items_; }
  const Review* find(const std::string& id) const;
  bool erase_player(const std::string& player);

  std::size_t open() const { return count(ReviewState::open); }
  std::size_t count(ReviewState state) const;
  /// Dismissed over decided, since the start of the book; nothing before the first decision.
  std::optional<double> false_positive_ratio() const;
  /// Of the cases that operators accepted, the share in which movements had been refused before:
  /// how often the referee stopped what it suspected. Nothing before the first.
  std::optional<double> detection_ratio() const;
  /// Honest block rates after all decisions, given the options' rate.
  std::array<double, kChannels> honest_rates(double initial) const;
  const std::array<ReviewCount, kChannels>& counts() const { return counts_; }

 private:
  std::vector<std::string> make_room(const ReviewCase& found);

  std::size_t limit_;
  std::vector<Review> items_;  // Newest first.
  std::array<ReviewCount, kChannels> counts_{};
};

void write_review(JsonWriter& json, const Review& review);

}  // namespace gk::referee
