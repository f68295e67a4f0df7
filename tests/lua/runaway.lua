--## empty loop
while true do end
--## goto loop
::a:: goto a
--## repeat loop
repeat until false
--## for loop
for i = 1, math.huge do end
--## generic for that never ends
for _ in function() return 1 end do end
--## loop behind pcall
while true do pcall(function() while true do end end) end
--## pcall of pcall of a loop
local function deep(n) if n == 0 then while true do end end pcall(deep, n - 1) end
while true do deep(50) end
--## pcall that swallows errors for ever
while true do pcall(error, "again") end
--## loop in a coroutine
local co = coroutine.create(function() while true do end end)
coroutine.resume(co)
--## coroutine in a coroutine in a coroutine
local function nest(n) if n == 0 then while true do end end coroutine.wrap(nest)(n - 1) end
while true do pcall(nest, 20) end
--## coroutine that is resumed for ever
local co = coroutine.wrap(function() while true do coroutine.yield() end end)
while true do co() end
--## new coroutines for ever
while true do coroutine.wrap(function() end)() end
--## coroutines that are kept
local all = {}
while true do all[#all + 1] = coroutine.create(function() end) end
--## close handler that loops
do local x <close> = setmetatable({}, {__close = function() while true do end end}) end
--## close handlers that loop while being stopped
local function layer(n)
  local x <close> = setmetatable({}, {__close = function() while true do end end})
  if n > 0 then layer(n - 1) end
  while true do end
end
layer(20)
--## close handler of a coroutine that loops
local co = coroutine.create(function()
  local x <close> = setmetatable({}, {__close = function() while true do end end})
  coroutine.yield()
end)
coroutine.resume(co)
coroutine.close(co)
--## metamethod that loops
local t = setmetatable({}, {__index = function() while true do end end})
log(t.x)
--## metamethod that calls itself
local t = setmetatable({}, {})
getmetatable(t).__index = function(s, k) return s[k] end
while true do pcall(function() return t.x end) end
--## comparison that loops
local m = {__lt = function() while true do end end}
local a, b = setmetatable({}, m), setmetatable({}, m)
log(a < b)
--## sort with a comparison that lies
local t = {}
for i = 1, 200 do t[i] = i end
while true do pcall(table.sort, t, function() return math.random() < 0.5 end) end
--## sort with a comparison that loops
table.sort({3, 2, 1}, function() while true do end end)
--## gsub with a function that loops
string.gsub("abc", ".", function() while true do end end)
--## pattern that takes for ever
string.find(("a"):rep(30000), (".-"):rep(20) .. "b")
--## pattern with back references
string.find(("a"):rep(200000) .. "b", "(.+)(.+)(.+)%1%2%3c")
--## gmatch over a long text for ever
local s = ("ab"):rep(100000)
while true do for _ in s:gmatch("a") do end end
--## a text that doubles
local s = "x"
while true do s = s .. s end
--## a text that doubles behind pcall
while true do pcall(function() local s = "x" while true do s = s .. s end end) end
--## rep of a gigabyte
while true do pcall(string.rep, "x", 1 << 30) end
--## rep with a separator
while true do pcall(string.rep, "x", 1 << 28, ("y"):rep(100)) end
--## a table that grows
local t = {}
while true do t[#t + 1] = #t end
--## tables in tables
local t = {}
while true do t = {t, t, t} end
--## keys of all kinds
local t, i = {}, 0
while true do i = i + 1 t[i .. "k"] = {i} end
--## concat of much
local t = {}
for i = 1, 100000 do t[i] = ("x"):rep(100) end
while true do pcall(table.concat, t) end
--## unpack of much
while true do pcall(table.unpack, {}, 1, 1 << 24) end
--## recursion
local function f() return f() + 1 end
while true do pcall(f) end
--## tail recursion
local function f() return f() end
f()
--## recursion through metamethods
local t = setmetatable({}, {__concat = function(a, b) return a .. b end})
while true do pcall(function() return t .. t end) end
--## recursion in C
local s = "x"
local function f() return (string.gsub(s, ".", f)) end
while true do pcall(f) end
--## format of much
while true do pcall(string.format, ("%99.99f"):rep(1000), table.unpack({}, 1, 0)) end
--## log for ever
while true do log("x") end
--## log of much for ever
while true do log(("x"):rep(4096)) end
--## notify for ever
while true do notify("x") end
--## state for ever
local i = 0
while true do i = i + 1 pcall(state.set, "k" .. i, ("x"):rep(1000)) end
--## send for ever
while true do game.send("x") end
--## sleep of nothing for ever
while true do sleep(0) end
--## sleep for a day
sleep(86400)
--## handler that loops, after the main part
game.on(".", function() while true do end end)
--## handlers for ever
while true do pcall(game.on, ".", function() end) end
--## metrics for ever
while true do game.metrics() end
--## error with a value that loops when shown
error(setmetatable({}, {__tostring = function() while true do end end}))
--## tostring that loops
log(setmetatable({}, {__tostring = function() while true do end end}))
--## utf8 over much
local s = ("ä"):rep(100000)
while true do utf8.len(s) end
--## random numbers for ever
while true do math.random() end
