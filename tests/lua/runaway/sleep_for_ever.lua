while true do sleep(86400) end
