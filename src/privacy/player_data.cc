#include "privacy/player_data.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/json_writer.h"
#include "base/utf8.h"

namespace gk::privacy {
namespace {

constexpr std::size_t kMaxId = 128;  // Source: as a subject of samples; referee ids are shorter.

Error bad_id() {
  return {Errc::invalid_argument,
          "player: expected 1 to 128 bytes of UTF-8 without control characters"};
}

/// Answers of all hooks, in their order; the last to come calls `done`.
template <typename T>
struct Gathering {
  std::vector<std::optional<Result<T>>> answers;
  std::size_t missing = 0;
  std::function<void(const std::vector<std::optional<Result<T>>>&)> done;

  void put(std::size_t index, Result<T> answer) {
    if (answers[index]) return;  // A hook that answers twice is its own bug; the first counts.
    answers[index] = std::move(answer);
    if (--missing == 0) done(answers);
  }
};

template <typename T>
std::shared_ptr<Gathering<T>> gather(std::size_t hooks) {
  auto out = std::make_shared<Gathering<T>>();  // Shared by the hooks' callbacks.
  out->answers.resize(hooks);
  out->missing = hooks;
  return out;
}

}  // namespace

bool is_player_id(std::string_view player) {
  if (player.empty() || player.size() > kMaxId || !is_utf8(player)) return false;
  return std::none_of(player.begin(), player.end(),
                      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Result<void> PlayerData::add(PlayerDataHook hook) {
  if (hooks_.size() >= kMaxHooks) {
    return Error{Errc::resource_exhausted, "too many rooms keep data of players"};
  }
  for (const auto& known : hooks_) {
    if (known.name == hook.name)
      return Error{Errc::already_exists, hook.name + " is there already"};
  }
  hooks_.push_back(std::move(hook));
  return {};
}

void PlayerData::export_player(const std::string& player,
                               std::function<void(Result<std::string>)> done) {
  if (!is_player_id(player)) return done(bad_id());
  if (hooks_.empty()) return done(Error{Errc::not_found, "nothing is kept about this player"});
  auto all = gather<std::string>(hooks_.size());
  all->done = [this, player, done = std::move(done)](const auto& answers) {
    std::string out;
    JsonWriter w(out);
    w.begin_object().field("player", player).field("exported_at", clock_.wall());
    w.key("parts").begin_object();
    bool any = false;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto& answer = *answers[i];
      if (!answer && answer.error().code == Errc::not_found) continue;
      if (!answer) return done(answer.error());
      w.key(hooks_[i].name).raw(*answer);
      any = true;
    }
    w.end_object().end_object();
    if (!any) return done(Error{Errc::not_found, "nothing is kept about this player"});
    done(std::move(out));
  };
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    hooks_[i].export_data(player,
                          [all, i](Result<std::string> answer) { all->put(i, std::move(answer)); });
  }
}

void PlayerData::erase_player(const std::string& player, Erased done) {
  if (!is_player_id(player)) return done(bad_id());
  if (hooks_.empty()) return done(Error{Errc::not_found, "nothing is kept about this player"});
  auto all = gather<void>(hooks_.size());
  all->done = [this, done = std::move(done)](const auto& answers) {
    std::vector<std::string> erased;
    std::string failed;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      const auto& answer = *answers[i];
      if (answer) {
        erased.push_back(hooks_[i].name);
      } else if (answer.error().code != Errc::not_found) {
        failed += (failed.empty() ? "" : "; ") + hooks_[i].name + ": " + answer.error().message;
      }
    }
    if (!failed.empty()) {
      return done(Error{Errc::unavailable,
                        "not all is deleted, and the deletion may be repeated: " + failed});
    }
    if (erased.empty()) return done(Error{Errc::not_found, "nothing is kept about this player"});
    done(std::move(erased));
  };
  for (std::size_t i = 0; i < hooks_.size(); ++i) {
    hooks_[i].erase(player, [all, i](Result<void> answer) { all->put(i, std::move(answer)); });
  }
}

}  // namespace gk::privacy
