#include "referee/service/review_book.h"

#include <algorithm>

namespace gk::referee {
namespace {

// The gap channel has a rate of its own. Source: rules/evidence.cc, set_honest_rate().
constexpr double kGapRate = 0.3, kGapMost = 0.45, kMost = 0.12;

std::size_t index_of(Channel channel) { return static_cast<std::size_t>(channel); }

}  // namespace

const char* review_state_name(ReviewState state) {
  switch (state) {
    case ReviewState::open: return "open";
    case ReviewState::accepted: return "accepted";
    case ReviewState::dismissed: return "dismissed";
  }
  return "unknown";
}

std::optional<ReviewState> parse_review_state(std::string_view name) {
  for (const auto state : {ReviewState::open, ReviewState::accepted, ReviewState::dismissed})
    if (name == review_state_name(state)) return state;
  return std::nullopt;
}

void ReviewBook::restore(std::vector<Review> reviews,
                         const std::array<ReviewCount, kChannels>& counts) {
  items_ = std::move(reviews);
  std::sort(items_.begin(), items_.end(), [](const Review& a, const Review& b) {
    return a.opened_at != b.opened_at ? a.opened_at > b.opened_at : a.id > b.id;
  });
  counts_ = counts;
}

std::vector<std::string> ReviewBook::make_room(const ReviewCase& found) {
  std::vector<std::string> gone;
  const auto drop = [&](std::vector<Review>::iterator at) {
    gone.push_back(at->id);
    items_.erase(at);
  };
  if (open() >= limit_) {
    auto least = items_.end();
    for (auto it = items_.begin(); it != items_.end(); ++it)
      if (it->state == ReviewState::open && (least == items_.end() || it->max_e < least->max_e))
        least = it;
    if (least->max_e >= static_cast<double>(found.max_e)) return gone;  // The new one loses.
    drop(least);
  }
  if (items_.size() - open() > limit_) {
    auto oldest = items_.end();
    for (auto it = items_.begin(); it != items_.end(); ++it)
      if (it->state != ReviewState::open) oldest = it;  // Newest first: the last is the oldest.
    drop(oldest);
  }
  return gone;
}

ReviewBook::Added ReviewBook::add(const ReviewCase& found, const std::string& id,
                                  std::string note) {
  for (Review& review : items_) {
    if (review.player != found.player || review.state != ReviewState::open) continue;
    if (static_cast<double>(found.max_e) <= review.max_e) return {};
    review.max_e = static_cast<double>(found.max_e);
    review.channel = found.channel;
    review.path_json = found.path_json;
    review.rejected = found.rejected;
    return {review, {}, false};
  }
  Added added;
  added.gone = make_room(found);
  if (open() >= limit_) return added;
  Review review{.id = id,
                .player = found.player,
                .opened_at = found.at,
                .max_e = static_cast<double>(found.max_e),
                .channel = found.channel,
                .state = ReviewState::open,
                .decided_by = "",
                .note = std::move(note),
                .decided_at = {},
                .rejected = found.rejected,
                .path_json = found.path_json};
  items_.insert(items_.begin(), review);
  added.review = std::move(review);
  added.opened = true;
  return added;
}

Result<Review> ReviewBook::decide(const std::string& id, ReviewState state, const std::string& by,
                                  const std::string& note, WallTime at) const {
  const Review* found = find(id);
  if (found == nullptr) return Error{Errc::not_found, "no review " + id};
  if (found->state != ReviewState::open)
    return Error{
        Errc::failed_precondition,
        "review " + id + " was " + review_state_name(found->state) + " by " + found->decided_by};
  Review decided = *found;
  decided.state = state;
  decided.decided_by = by;
  if (!decided.note.empty() && !note.empty()) decided.note += "; ";
  decided.note += note;
  decided.decided_at = at;
  return decided;
}

ReviewCount ReviewBook::count_after(const Review& decided) const {
  ReviewCount count = counts_[index_of(decided.channel)];
  ++(decided.state == ReviewState::accepted ? count.accepted : count.dismissed);
  return count;
}

void ReviewBook::commit(const Review& decided) {
  counts_[index_of(decided.channel)] = count_after(decided);
  for (Review& review : items_)
    if (review.id == decided.id) review = decided;
}

const Review* ReviewBook::find(const std::string& id) const {
  const auto found = std::find_if(items_.begin(), items_.end(),
                                  [&](const Review& review) { return review.id == id; });
  return found == items_.end() ? nullptr : &*found;
}

bool ReviewBook::erase_player(const std::string& player) {
  return std::erase_if(items_, [&](const Review& r) { return r.player == player; }) > 0;
}

std::size_t ReviewBook::count(ReviewState state) const {
  return static_cast<std::size_t>(std::count_if(
      items_.begin(), items_.end(), [&](const Review& review) { return review.state == state; }));
}

std::optional<double> ReviewBook::false_positive_ratio() const {
  double dismissed = 0;
  double all = 0;
  for (const ReviewCount& count : counts_) {
    dismissed += count.dismissed;
    all += count.dismissed + count.accepted;
  }
  if (all == 0) return std::nullopt;
  return dismissed / all;
}

std::optional<double> ReviewBook::detection_ratio() const {
  double stopped = 0;
  double all = 0;
  for (const Review& review : items_) {
    if (review.state != ReviewState::accepted) continue;
    ++all;
    if (review.rejected > 0) ++stopped;
  }
  if (all == 0) return std::nullopt;
  return stopped / all;
}

std::array<double, kChannels> ReviewBook::honest_rates(double initial) const {
  std::array<double, kChannels> rates{};
  for (std::size_t i = 0; i < kChannels; ++i) {
    const bool gap = i == index_of(Channel::gap);
    rates[i] = honest_rate_after(counts_[i], gap ? kGapRate : initial, gap ? kGapMost : kMost);
  }
  return rates;
}

void write_review(JsonWriter& json, const Review& review) {
  const bool decided = review.state != ReviewState::open;
  json.begin_object()
      .field("id", review.id)
      .field("player", review.player)
      .field("opened_at", review.opened_at)
      .field("max_e", review.max_e)
      .field("channel", channel_name(review.channel))
      .field("state", review_state_name(review.state))
      .field("rejected", review.rejected)
      .field("decided_by", decided ? std::optional(review.decided_by) : std::nullopt)
      .field("decided_at", decided ? std::optional(review.decided_at) : std::nullopt)
      .field("note", review.note.empty() ? std::nullopt : std::optional(review.note))
      .key("path")
      .raw(review.path_json)
      .end_object();
}

}  // namespace gk::referee
