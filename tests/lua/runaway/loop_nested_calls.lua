local function f() return 1 end
while true do f() end
