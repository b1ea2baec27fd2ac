@echo off
rem Starts ainf from this folder on Windows, inside WSL: the engine needs a Unix system.
rem
rem   launch.bat             services, then the app
rem   launch.bat ARGUMENTS   "ainf ARGUMENTS" alone, with its exit code
setlocal

where wsl.exe >nul 2>nul
if errorlevel 1 goto no_wsl
wsl.exe -e true >nul 2>nul
if errorlevel 1 goto no_linux

wsl.exe --cd "%~dp0." -e sh ./launch.sh %*
exit /b %errorlevel%

:no_wsl
echo launch: ainf needs WSL, which is not installed. 1>&2
echo   In a terminal of an administrator: wsl --install 1>&2
exit /b 1

:no_linux
echo launch: WSL has no Linux that starts. 1>&2
echo   wsl --install -d Ubuntu 1>&2
exit /b 1
