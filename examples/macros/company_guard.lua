-- name: company_guard
-- description: Tells OpenTTD companies without a password, and operators about debts
-- version: 1
-- category: moderation
-- tags: openttd
-- on_cancel: say "The company guard rests"

-- Reads the list of companies, whose lines look like
--   #:1(Blue) Company Name: 'Ada Transport'  Year Founded: 1950  Money: 99000  Loan: 100000 …
--   … (T:0, R:0, P:0, S:0) unprotected
-- args: every_s, rounds, debt.

local every_s = tonumber(args.every_s or 60)
local rounds = tonumber(args.rounds or 1000000)
local debt = tonumber(args.debt or 50000)

-- A name of a company is a player's text: nothing of it that a console obeys.
local function plain(text)
  return (text:gsub('[%c";\\`$%[%]{}%%|@]', "_"):sub(1, 40))
end

local function look(line)
  local number, name = line:match("#:(%d+)%(.-%) Company Name: '(.-)'")
  if not number then return end
  local money, loan = line:match("Money: (%-?%d+)"), line:match("Loan: (%d+)")
  if line:find("unprotected", 1, true) and state.get("told" .. number) ~= name then
    game.send('say "' .. plain(name) .. ' has no password: anybody can join and sell it"')
    state.set("told" .. number, name)
  end
  if money and loan and tonumber(money) - tonumber(loan) < -debt and
     state.get("debt" .. number) ~= name then
    notify(plain(name) .. " owes " .. (tonumber(loan) - tonumber(money)))
    state.set("debt" .. number, name)
  end
end

for _ = 1, rounds do
  for line in (game.send("companies") .. "\n"):gmatch("(.-)\n") do look(line) end
  sleep(every_s)
end
