// player.h: the simulated client of generate.h: machine, clock, keys, physics, cheats.
// Metres and seconds; y is up; in 2d the plane is x and z here, written as x and y.

#pragma once

#include <utility>
#include <vector>

#include "referee/offline/generate.h"

namespace gk::referee {

/// Doubles, unlike Vec3: the truth before anybody rounds it.
struct Point {
  double x = 0, y = 0, z = 0;
};

/// Thread: compatible.
class Player {
 public:
  static constexpr double kSpeed = 5, kJump = 8, kGravity = 20, kInterval = 0.05;

  Player(const Scenario& scenario, Dice& dice);

  void plan_teleport(double at, Point target);
  void plan_speed(double at, double factor, double duration);
  void plan_knock(double at, Point velocity, double deceleration);

  /// Plays one frame; returns how many packets it sends.
  int frame(Dice& dice);
  /// Between two packets of one frame (flood): a little later, at the same place.
  void nudge() { game_ += 1e-6; }

  double now() const { return now_; }
  double clock() const { return game_; }
  Point position() const { return position_; }
  /// Whether ground was touched since the last report: the server collides the whole way.
  bool take_contact() { return std::exchange(touched_, grounded_) || grounded_; }
  bool solid() const { return scenario_.space == Space::solid_3d; }
  /// Length of the machine's last stall, once.
  double take_stall() { return std::exchange(stall_, 0.0); }
  /// End of the machine's stall that covers `t`, or `t`.
  double machine_busy_until(double t) const;

 private:
  struct Effect {
    double begin, end, factor;
  };
  struct Push {
    double at;
    Point velocity;
    double deceleration;
  };
  double frame_length(Dice& dice);
  void choose_keys(double dt, Dice& dice);
  void apply_planned();
  void move_flat(double dt);
  void move_up(double dt, Dice& dice);
  void cheat_jump(Dice& dice);
  bool cheating() const { return scenario_.cheat != Cheat::none && now_ >= scenario_.cheat_from; }
  double speed_factor() const;

  Scenario scenario_;
  std::vector<std::pair<double, double>> stalls_;
  std::vector<Effect> effects_;
  std::vector<std::pair<double, Point>> teleports_;
  std::vector<Push> pushes_;
  std::size_t next_teleport_ = 0, next_push_ = 0, next_stall_ = 0;
  Point position_, velocity_, push_;
  double push_slow_ = 20;
  double now_ = 0, game_, skew_, since_sent_ = 0, stall_ = 0;
  double heading_ = 0, keys_until_ = 0, next_jump_ = 0;
  double ground_ = 0, hover_from_ = -1;
  bool running_ = true, straight_, catches_up_, grounded_ = true, touched_ = true;
};

}  // namespace gk::referee
