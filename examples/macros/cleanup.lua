-- name: cleanup
-- description: Removes loose objects when the tick rate drops
-- version: 1
-- category: operations
-- tags: luanti, minecraft, performance
-- on_cancel: say The clean-up was called off

-- Looks at the server's tick ratio every few seconds. When it is low three times running, players
-- are warned and loose objects are removed. At most once in ten minutes.
-- args: command (what removes), below (tick ratio), every_s, warn_s, rest_s, rounds.

local command = args.command or "clearobjects quick"
local below = tonumber(args.below or 0.75)
local every_s = tonumber(args.every_s or 5)
local warn_s = tonumber(args.warn_s or 30)
local rest_s = tonumber(args.rest_s or 600)
local rounds = tonumber(args.rounds or 1000000)

local low = 0
for _ = 1, rounds do
  -- Not known is not low: a link that is down must not remove anything.
  local tick = game.metrics().tick_ratio
  low = tick and tick < below and low + 1 or 0
  if low >= 3 then
    game.send("say The server is slow: loose objects go in " .. warn_s .. " s")
    sleep(warn_s)
    tick = game.metrics().tick_ratio
    if tick and tick < below then
      local reply = game.send(command)
      state.set("cleanups", (state.get("cleanups") or 0) + 1)
      log("removed: " .. reply)
      notify("Clean-up number " .. state.get("cleanups") .. " at tick ratio " .. tick)
      sleep(rest_s)
    else
      game.send("say The server has recovered: nothing goes")
    end
    low = 0
  end
  sleep(every_s)
end
